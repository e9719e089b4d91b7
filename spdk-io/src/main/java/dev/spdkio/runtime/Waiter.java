// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

import dev.spdkio.sys.EventPoll;
import dev.spdkio.sys.SysException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.LockSupport;

/** How a reactor sleeps: on epoll where the system has it, so that device file descriptors wake it too; else parked. */
sealed interface Waiter extends AutoCloseable permits Waiter.Epoll, Waiter.Park {
    Logger LOG = System.getLogger(Waiter.class.getName());

    /**
     * Sleeps at most that long; {@code Long.MAX_VALUE} is for ever. Only the reactor's OS thread calls it.
     *
     * @return how many descriptors are ready
     */
    int await(long nanos);

    /** Ends the current or the next sleep. Any thread. */
    void wake();

    /** Lets this descriptor's readiness end a sleep. False where descriptors are not supported. */
    boolean add(int fd);

    /** Forgets the descriptor. */
    void remove(int fd);

    @Override
    void close();

    static Waiter open(Thread sleeper) {
        if (EventPoll.isAvailable()) {
            try {
                return new Epoll(EventPoll.open());
            } catch (SysException e) {
                LOG.log(Level.WARNING, "no epoll for this reactor, descriptors cannot wake it: " + e.getMessage());
            }
        }
        return new Park(sleeper);
    }

    /** Sleeps in epoll. */
    final class Epoll implements Waiter {
        private final EventPoll poll;

        Epoll(EventPoll poll) {
            this.poll = poll;
        }

        @Override
        public int await(long nanos) {
            return poll.await(nanos == Long.MAX_VALUE ? -1 : nanos);
        }

        @Override
        public void wake() {
            poll.wake();
        }

        @Override
        public boolean add(int fd) {
            try {
                poll.add(fd, fd);
                return true;
            } catch (SysException e) {
                LOG.log(Level.WARNING, "descriptor " + fd + " cannot wake its reactor, which polls instead", e);
                return false;
            }
        }

        @Override
        public void remove(int fd) {
            try {
                poll.remove(fd);
            } catch (SysException e) {
                // Closing a descriptor takes it out of epoll as well.
                LOG.log(Level.DEBUG, "descriptor " + fd + " was not watched any more", e);
            }
        }

        @Override
        public void close() {
            poll.close();
        }
    }

    /** Parks the thread: any operating system, no descriptors. */
    final class Park implements Waiter {
        private final Thread sleeper;
        private volatile boolean woken;

        Park(Thread sleeper) {
            this.sleeper = sleeper;
        }

        @Override
        public int await(long nanos) {
            // A callback may have left an interrupt behind, with which no park would ever sleep.
            boolean _ = Thread.interrupted();
            if (!woken) {
                if (nanos == Long.MAX_VALUE) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, nanos);
                }
            }
            woken = false;
            return 0;
        }

        @Override
        public void wake() {
            woken = true;
            LockSupport.unpark(sleeper);
        }

        @Override
        public boolean add(int fd) {
            return false;
        }

        @Override
        public void remove(int fd) {}

        @Override
        public void close() {}
    }
}
