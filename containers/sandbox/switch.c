/*
 * nines-switch: the wires between a session's machines, in one process.
 *
 *   nines-switch CONTROL PORT...      numbers of open sockets
 *
 * A port is a datagram socket, a datagram is an Ethernet frame; the other end of the
 * pair is the NIC of a machine. What may go where is said by the supervisor over
 * CONTROL (a SOCK_SEQPACKET) in one message: a `struct plan` for every port, in order.
 * It replaces all that was said before and is answered by one byte once it is in
 * force: 0, or 1 if it makes no sense and nothing has changed. Until the first plan all
 * frames wait in their sockets. The end of CONTROL is our end.
 *
 * The machines are hostile. Every table and queue has a limit, each port has its own
 * share of it, and what does not fit is dropped: a machine that floods us fills its own
 * table, one that does not read loses its own frames, and nobody waits for anybody.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

enum {
    PORTS = 32, /* the width of a mask */
    HEADER = 14,
    FRAME_MAX = 9216,
    BATCH = 32,          /* frames taken from a port before others have their turn */
    ADDRESSES = 256,     /* slots of a port's table of addresses */
    QUEUE_MAX = 1 << 19, /* bytes that wait at one place */
};

#define SECOND 1000000000LL
#define ADDRESS_AGE (300 * SECOND)
#define BACKLOG (SECOND / 5) /* a line of a given rate takes no more work than that */

struct shape {
    uint32_t delay_us;
    uint32_t loss_ppm;
    uint32_t rate_kbit; /* 0: no limit */
};

struct plan {
    uint32_t segment;
    uint32_t reach; /* the ports that frames from here may leave by */
    struct shape in;
    struct shape out;
};

struct frame {
    struct frame *next;
    int64_t due;
    uint32_t length;
    unsigned char data[];
};

/* Frames in the order in which they came, each with the time when it may go on. */
struct queue {
    struct frame *first, *last;
    uint32_t bytes;
    int64_t free_at; /* when the line has sent all that it was given */
};

struct address {
    uint64_t mac;
    int64_t seen; /* 0: an empty slot */
};

struct port {
    int fd;
    struct plan plan;
    uint32_t peers; /* other ports of the segment */
    bool blocked;   /* the reader is behind: wait until the socket takes more */
    struct queue in, out;
    struct address addresses[ADDRESSES];
    struct iovec leaving[BATCH]; /* frames of this turn, still where they came in */
    unsigned leaving_count;
};

static struct port ports[PORTS];
static unsigned port_count;
static int64_t now;
static uint64_t random_state;
static unsigned char arrived[BATCH][FRAME_MAX + 1];

static void read_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    now = t.tv_sec * SECOND + t.tv_nsec;
}

/* xorshift64*: loss need not be unpredictable, only even. */
static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1dULL >> 32) % limit;
}

/* ---- queues */

static bool is_shaped(const struct shape *shape)
{
    return shape->delay_us || shape->loss_ppm || shape->rate_kbit;
}

static int64_t time_on_line(const struct shape *shape, uint32_t length)
{
    return shape->rate_kbit ? length * 8LL * 1000000 / shape->rate_kbit : 0;
}

static void enqueue(struct queue *queue, const struct shape *shape,
                    const unsigned char *data, uint32_t length)
{
    uint32_t size = sizeof(struct frame) + length;
    int64_t start = queue->free_at > now ? queue->free_at : now;

    if (shape->loss_ppm && random_below(1000000) < shape->loss_ppm)
        return;
    if (start - now > BACKLOG || queue->bytes + size > QUEUE_MAX)
        return;
    struct frame *frame = malloc(size);
    if (!frame)
        return;
    queue->free_at = start + time_on_line(shape, length);
    frame->next = NULL;
    frame->due = queue->free_at + shape->delay_us * 1000LL;
    frame->length = length;
    memcpy(frame->data, data, length);
    if (queue->first)
        queue->last->next = frame;
    else
        queue->first = frame;
    queue->last = frame;
    queue->bytes += size;
}

static void drop_first(struct queue *queue)
{
    struct frame *frame = queue->first;

    queue->first = frame->next;
    queue->bytes -= sizeof(struct frame) + frame->length;
    free(frame);
}

static void empty(struct queue *queue)
{
    while (queue->first)
        drop_first(queue);
    queue->free_at = 0;
}

/* Under another shape nothing waits longer than if it had come now. */
static void reshape(struct queue *queue, const struct shape *shape)
{
    queue->free_at = 0;
    for (struct frame *frame = queue->first; frame; frame = frame->next)
        if (frame->due > now + shape->delay_us * 1000LL)
            frame->due = now + shape->delay_us * 1000LL;
}

/* ---- addresses */

static uint64_t read_mac(const unsigned char *at)
{
    uint64_t mac = 0;
    memcpy(&mac, at, 6);
    return mac;
}

static bool is_group(uint64_t mac)
{
    return mac & 1; /* broadcast is one of them */
}

static struct address *slot(struct port *port, uint64_t mac)
{
    return &port->addresses[mac * 0x9e3779b97f4a7c15ULL >> 56];
}

/* An address is at one port of a segment: where it was heard last. */
static void learn(struct port *port, uint64_t mac)
{
    struct address *own = slot(port, mac);

    if (is_group(mac))
        return;
    if (own->mac != mac || !own->seen)
        for (unsigned i = 0; i < port_count; i++)
            if (port->peers >> i & 1 && slot(&ports[i], mac)->mac == mac)
                slot(&ports[i], mac)->seen = 0;
    own->mac = mac;
    own->seen = now;
}

static uint32_t ports_of(const struct port *port, uint64_t mac)
{
    if (is_group(mac))
        return port->peers;
    for (unsigned i = 0; i < port_count; i++) {
        struct address *known = slot(&ports[i], mac);
        if ((port->peers >> i & 1 || &ports[i] == port) && known->mac == mac &&
            known->seen && now - known->seen < ADDRESS_AGE)
            return 1U << i;
    }
    return port->peers;
}

/* ---- frames on their way out */

static const struct shape unshaped;

static void flush(struct port *port)
{
    struct mmsghdr messages[BATCH] = {0};
    unsigned done = 0, count = port->leaving_count;

    port->leaving_count = 0;
    for (unsigned i = 0; i < count; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &port->leaving[i],
                                              .msg_iovlen = 1};
    while (done < count) {
        int sent = sendmmsg(port->fd, messages + done, count - done, MSG_DONTWAIT);
        if (sent > 0)
            done += sent;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            done++; /* This one cannot be sent. */
    }
    port->blocked = done < count;
    for (; done < count; done++)
        enqueue(&port->out, &unshaped, port->leaving[done].iov_base,
                port->leaving[done].iov_len);
}

static void leave(struct port *port, unsigned char *data, uint32_t length)
{
    if (is_shaped(&port->plan.out) || port->out.first) {
        enqueue(&port->out, &port->plan.out, data, length);
        return;
    }
    if (port->leaving_count == BATCH)
        flush(port);
    port->leaving[port->leaving_count++] = (struct iovec){data, length};
}

static void flush_all(void)
{
    for (unsigned i = 0; i < port_count; i++)
        if (ports[i].leaving_count)
            flush(&ports[i]);
}

static void forward(struct port *port, unsigned char *data, uint32_t length)
{
    learn(port, read_mac(data + 6));
    uint32_t targets = port->plan.reach & ports_of(port, read_mac(data));
    for (unsigned i = 0; i < port_count; i++)
        if (targets >> i & 1)
            leave(&ports[i], data, length);
}

/* ---- what the loop does for a port */

static void receive(struct port *port)
{
    struct mmsghdr messages[BATCH] = {0};
    struct iovec room[BATCH];

    for (unsigned i = 0; i < BATCH; i++) {
        room[i] = (struct iovec){arrived[i], sizeof(arrived[i])};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &room[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(port->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        uint32_t length = messages[i].msg_len;
        if (length < HEADER || length > FRAME_MAX || !port->plan.reach)
            continue;
        if (is_shaped(&port->plan.in) || port->in.first)
            enqueue(&port->in, &port->plan.in, arrived[i], length);
        else
            forward(port, arrived[i], length);
    }
    flush_all();
}

static void release_in(struct port *port)
{
    while (port->in.first && port->in.first->due <= now) {
        forward(port, port->in.first->data, port->in.first->length);
        flush_all();
        drop_first(&port->in);
    }
}

static void release_out(struct port *port)
{
    port->blocked = false;
    while (port->out.first && port->out.first->due <= now) {
        struct frame *frame = port->out.first;
        if (send(port->fd, frame->data, frame->length, MSG_DONTWAIT) < 0 &&
            errno == EAGAIN) {
            port->blocked = true;
            return;
        }
        drop_first(&port->out);
    }
}

/* ---- plans */

static bool makes_sense(const struct plan *plans)
{
    for (unsigned i = 0; i < port_count; i++) {
        const struct plan *plan = &plans[i];
        if (port_count < PORTS && plan->reach >> port_count)
            return false;
        for (unsigned j = 0; j < port_count; j++)
            if (plan->reach >> j & 1 && (i == j || plans[j].segment != plan->segment))
                return false;
    }
    return true;
}

static void follow(const struct plan *plans)
{
    uint32_t reached = 0;

    for (unsigned i = 0; i < port_count; i++) {
        struct port *port = &ports[i];
        if (memcmp(&port->plan.in, &plans[i].in, sizeof(struct shape)))
            reshape(&port->in, &plans[i].in);
        if (memcmp(&port->plan.out, &plans[i].out, sizeof(struct shape)))
            reshape(&port->out, &plans[i].out);
        port->plan = plans[i];
        reached |= plans[i].reach;
        port->peers = 0;
        for (unsigned j = 0; j < port_count; j++)
            if (i != j && plans[i].segment == plans[j].segment)
                port->peers |= 1U << j;
    }
    /* A cable that was pulled keeps nothing, and nothing is known of its end. */
    for (unsigned i = 0; i < port_count; i++) {
        if (!(reached >> i & 1))
            empty(&ports[i].out);
        if (!ports[i].plan.reach) {
            empty(&ports[i].in);
            memset(ports[i].addresses, 0, sizeof(ports[i].addresses));
        }
    }
}

/* Waits for a plan, and says whether it was one. */
static bool obey(int control)
{
    struct plan plans[PORTS + 1];
    ssize_t size = recv(control, plans, sizeof(plans), 0);
    unsigned char refused = 1;

    if (size <= 0)
        exit(0);
    if ((size_t)size == port_count * sizeof(struct plan) && makes_sense(plans)) {
        follow(plans);
        refused = 0;
    }
    if (send(control, &refused, 1, MSG_NOSIGNAL) < 0)
        exit(0);
    return !refused;
}

/* ---- the loop */

static int64_t next_due(void)
{
    int64_t next = INT64_MAX;

    for (unsigned i = 0; i < port_count; i++) {
        if (ports[i].in.first && ports[i].in.first->due < next)
            next = ports[i].in.first->due;
        if (ports[i].out.first && !ports[i].blocked && ports[i].out.first->due < next)
            next = ports[i].out.first->due;
    }
    return next;
}

static void wait_for(struct pollfd *polled)
{
    int64_t next = next_due(), left = next > now ? next - now : 0;
    struct timespec timeout = {left / SECOND, left % SECOND};

    for (unsigned i = 0; i < port_count; i++)
        polled[i].events = POLLIN | (ports[i].blocked ? POLLOUT : 0);
    if (ppoll(polled, port_count + 1, next == INT64_MAX ? NULL : &timeout, NULL) < 0)
        for (unsigned i = 0; i <= port_count; i++)
            polled[i].revents = 0;
    read_clock();
}

static void turn(struct pollfd *polled)
{
    wait_for(polled);
    if (polled[port_count].revents)
        obey(polled[port_count].fd);
    for (unsigned i = 0; i < port_count; i++) {
        if (polled[i].revents & POLLIN)
            receive(&ports[i]);
        release_in(&ports[i]);
    }
    for (unsigned i = 0; i < port_count; i++)
        if (!ports[i].blocked || polled[i].revents & POLLOUT)
            release_out(&ports[i]);
}

int main(int argc, char **argv)
{
    struct pollfd polled[PORTS + 1];

    if (argc < 2 || argc - 2 > PORTS)
        return 2;
    port_count = argc - 2;
    for (unsigned i = 0; i < port_count; i++) {
        ports[i].fd = atoi(argv[i + 2]);
        polled[i] = (struct pollfd){.fd = ports[i].fd};
    }
    polled[port_count] = (struct pollfd){.fd = atoi(argv[1]), .events = POLLIN};
    if (getrandom(&random_state, sizeof(random_state), 0) < 0 || !random_state)
        random_state = 1;
    read_clock();
    while (!obey(polled[port_count].fd))
        ;
    for (;;)
        turn(polled);
}
