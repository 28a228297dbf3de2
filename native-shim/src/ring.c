/*
 * io_uring by liburing.
 *
 * Invariant: what was taken and not yet harvested never exceeds the completion queue, so that no completion overflows.
 * COOP_TASKRUN spares an interrupt per completion; TASKRUN_FLAG lets a harvest see that the kernel has some in hand.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "hamirror_shim.h"

#define HM_IO_BYTES_MAX 0x7ffff000u /* what read(2) and write(2) move at most */

struct hm_ring {
    struct io_uring uring;
    unsigned taken; /* queued or in the kernel, not yet harvested */
};

hm_ring *hm_ring_create(uint32_t entries)
{
    hm_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return NULL;
    unsigned flags = IORING_SETUP_CLAMP | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    int result = io_uring_queue_init(entries, &ring->uring, flags);
    if (result == -EINVAL) /* a kernel before 5.19 */
        result = io_uring_queue_init(entries, &ring->uring, IORING_SETUP_CLAMP);
    if (result < 0) {
        free(ring);
        return NULL;
    }
    return ring;
}

void hm_ring_destroy(hm_ring *ring)
{
    if (ring == NULL)
        return;
    io_uring_queue_exit(&ring->uring);
    free(ring);
}

int hm_ring_fd(hm_ring *ring)
{
    return ring->uring.ring_fd;
}

static void prepare(struct io_uring_sqe *sqe, const struct hm_io *io)
{
    unsigned bytes = io->bytes > HM_IO_BYTES_MAX ? HM_IO_BYTES_MAX : (unsigned)io->bytes;
    switch (io->op) {
    case HM_IO_READ: io_uring_prep_read(sqe, io->fd, io->data, bytes, io->offset); break;
    case HM_IO_WRITE: io_uring_prep_write(sqe, io->fd, io->data, bytes, io->offset); break;
    case HM_IO_FSYNC: io_uring_prep_fsync(sqe, io->fd, 0); break;
    default: io_uring_prep_fsync(sqe, io->fd, IORING_FSYNC_DATASYNC); break;
    }
    sqe->user_data = io->user;
}

/* Submits what is queued. What the kernel refuses for the moment stays queued and goes with the next call. */
static void submit_queued(hm_ring *ring)
{
    while (io_uring_sq_ready(&ring->uring) > 0) {
        int result = io_uring_submit(&ring->uring);
        if (result <= 0 && result != -EINTR)
            return;
    }
}

int hm_ring_submit(hm_ring *ring, const struct hm_io *ios, int count)
{
    unsigned room = *ring->uring.cq.kring_entries;
    int queued = 0;
    for (; queued < count && ring->taken < room; queued++, ring->taken++) {
        if (ios[queued].op < HM_IO_READ || ios[queued].op > HM_IO_FDATASYNC) {
            if (queued == 0)
                return -EINVAL;
            break; /* the next call begins with it and says so */
        }
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);
        if (sqe == NULL)
            break;
        prepare(sqe, &ios[queued]);
    }
    submit_queued(ring);
    return queued;
}

int hm_ring_harvest(hm_ring *ring, struct hm_done *done, int count)
{
    submit_queued(ring);
    int harvested = 0;
    while (harvested < count) {
        struct io_uring_cqe *cqe;
        if (io_uring_peek_cqe(&ring->uring, &cqe) < 0 || cqe == NULL)
            break;
        done[harvested].user = cqe->user_data;
        done[harvested].result = cqe->res;
        harvested++;
        ring->taken--;
        io_uring_cqe_seen(&ring->uring, cqe);
    }
    return harvested;
}
