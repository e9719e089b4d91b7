// SPDX-License-Identifier: Apache-2.0
//
// The data path between Java and SPDK: Java fills submission entries with plain stores and makes one call a round;
// completions are appended to an array that Java reads after the call has returned. Everything is memory of one
// thread. SPDK's functions come as pointers from Java, so that this file needs none of its headers.

#include <stddef.h>
#include <stdint.h>

// One ring lies at a multiple of RING_ALIGN, so that a callback finds it from its argument: the address of the ring
// plus the number of the request.
#define RING_ALIGN (1ul << 20)

enum op {
	OP_READ = 0,
	OP_WRITE = 1,
	OP_UNMAP = 2,
	OP_FLUSH = 3,
	OP_RESET = 4,
	OP_WRITE_ZEROES = 5,
	OP_READV = 6,
	OP_WRITEV = 7,
	OP_WITHDRAWN = 8, // it was aborted before it came here
};

// How a completion says more than yes: the sign bit of its entry is set, and details[token] is filled.
#define FAILED (1u << 31)

struct sqe {
	uint32_t op : 8;
	uint32_t iovcnt : 24;
	uint32_t token;
	void *desc;
	void *channel;
	void *data; // the buffer, or the iovecs of the vectored operations
	uint64_t offset; // in blocks
	uint64_t count; // in blocks
};

struct detail {
	int32_t rc; // of the submission; 0 if it was accepted and failed later
	int32_t aio;
	uint32_t cdw0;
	int32_t sct;
	int32_t sc;
	int32_t scsi_sc;
	int32_t scsi_sk;
	int32_t scsi_asc;
	int32_t scsi_ascq;
	int32_t pad[7];
};

typedef void (*io_done)(void *io, _Bool ok, void *arg);

struct functions {
	int (*poll)(void *thread, uint32_t max_messages, uint64_t now);
	void (*set_thread)(void *thread);
	int (*rw[2])(void *desc, void *ch, void *buf, uint64_t offset, uint64_t count, io_done cb, void *arg);
	int (*rwv[2])(void *desc, void *ch, void *iov, int iovcnt, uint64_t offset, uint64_t count, io_done cb, void *arg);
	int (*range[3])(void *desc, void *ch, uint64_t offset, uint64_t count, io_done cb, void *arg); // unmap, flush, zeroes
	int (*reset)(void *desc, void *ch, io_done cb, void *arg);
	int (*free_io)(void *io);
	void (*aio_status)(const void *io, int *result);
	void (*nvme_status)(const void *io, uint32_t *cdw0, int *sct, int *sc);
	void (*scsi_status)(const void *io, int *sc, int *sk, int *asc, int *ascq);
};

struct ring {
	void *thread;
	const struct functions *fn;
	struct sqe *sq;
	uint32_t *cq;
	struct detail *details;
	uint32_t sq_head; // the next entry to submit
	uint32_t sq_tail; // behind the last one
	uint32_t completed; // entries in cq, counted here, cleared by Java
};

static void failed(struct ring *r, uint32_t token, int rc)
{
	r->details[token].rc = rc;
	r->cq[r->completed++] = token | FAILED;
}

static void done(void *io, _Bool ok, void *arg)
{
	struct ring *r = (struct ring *)((uintptr_t)arg & ~(RING_ALIGN - 1));
	uint32_t token = (uintptr_t)arg & (RING_ALIGN - 1);
	const struct functions *fn = r->fn;

	if (__builtin_expect(ok, 1)) {
		r->cq[r->completed++] = token;
	} else {
		struct detail *d = &r->details[token];

		fn->aio_status(io, &d->aio);
		fn->nvme_status(io, &d->cdw0, &d->sct, &d->sc);
		fn->scsi_status(io, &d->scsi_sc, &d->scsi_sk, &d->scsi_asc, &d->scsi_ascq);
		failed(r, token, 0);
	}
	fn->free_io(io);
}

static int submit(struct ring *r, const struct sqe *e)
{
	const struct functions *fn = r->fn;
	void *arg = (void *)((uintptr_t)r + e->token);

	switch (e->op) {
	case OP_READ:
	case OP_WRITE:
		return fn->rw[e->op](e->desc, e->channel, e->data, e->offset, e->count, done, arg);
	case OP_READV:
	case OP_WRITEV:
		return fn->rwv[e->op - OP_READV](e->desc, e->channel, e->data, e->iovcnt, e->offset, e->count, done, arg);
	case OP_UNMAP:
		return fn->range[0](e->desc, e->channel, e->offset, e->count, done, arg);
	case OP_FLUSH:
		return fn->range[1](e->desc, e->channel, e->offset, e->count, done, arg);
	case OP_WRITE_ZEROES:
		return fn->range[2](e->desc, e->channel, e->offset, e->count, done, arg);
	case OP_RESET:
		return fn->reset(e->desc, e->channel, done, arg);
	case OP_WITHDRAWN:
		return -125;
	default:
		return -95;
	}
}

// Submits what Java has filled in, and polls the thread once. Returns the number of completions that wait in cq, with
// bit 31 set if the poll found work.
uint32_t spdkio_ring_round(struct ring *r)
{
	uint32_t head = r->sq_head;
	uint32_t tail = r->sq_tail;
	int busy;

	if (head != tail) {
		r->fn->set_thread(r->thread);
		do {
			const struct sqe *e = &r->sq[head++];
			uint32_t token = e->token;
			int rc;

			// Before SPDK may call a device of Java's, which may withdraw what is still to come.
			r->sq_head = head;
			rc = submit(r, e);
			if (__builtin_expect(rc != 0, 0)) {
				failed(r, token, rc);
			}
		} while (head != tail);
	}
	busy = r->fn->poll(r->thread, 0, 0) > 0;
	return r->completed | (busy ? FAILED : 0);
}
