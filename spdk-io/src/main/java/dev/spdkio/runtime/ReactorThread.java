// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/** The OS thread of a reactor: a class of its own so that "who am I" is one type check and one field read. */
final class ReactorThread extends Thread {
    final Execution execution;

    ReactorThread(Reactor reactor, Runnable body) {
        super(null, body, reactor.name(), 0, false);
        this.execution = new Execution(reactor);
        setDaemon(true);
    }
}
