/*
 * nines-probe: asks services, many times a second, whether they answer.
 *
 *   nines-probe run  RING  {NAME KIND TARGET PORT EVERY_MS TIMEOUT_MS PATH BODY}…
 *   nines-probe read RING RUN FIRST
 *
 * `run` keeps on asking; a second one for the same RING ends at once. KIND is icmp
 * (one echo), tcp (one connect) or http (GET PATH, status 2xx, the answer contains
 * BODY). TARGET is an IPv4 address. One process, one loop, nothing waits for anything:
 * a probe is sent when its time has come, whatever became of the one before.
 *
 * The last RECORDS results lie in RING, a file, so whoever reads them may come late or
 * come again. `read` prints one line
 *
 *   run <id> clock <seconds> first <n> next <n>
 *
 * and then the results number `first` to `next` - 1, at most LINES of them:
 *
 *   <name> <sent, seconds> <up|down> <round trip, ms> <why>
 *
 * Seconds are CLOCK_MONOTONIC; `clock` is read last of all, for whoever compares it
 * with a clock of their own. Results of one probe come in the order of sending. A
 * `first` above the one asked for says that older results have been overwritten, an
 * `id` other than RUN that the numbers began again.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PROBES = 8,
    FIELDS = 8,    /* of one probe on the command line */
    ATTEMPTS = 32, /* of one probe on their way at the same time */
    NAME_MAX_SIZE = 32,
    REQUEST_MAX = 512,
    ANSWER_MAX = 8192,
    RECORDS = 65536,
    LINES = 2000,
    LINE_MAX = 96,
};

enum why { OK, TIMEOUT, REFUSED, UNREACHABLE, RESET, STATUS, BODY, ERROR };
static const char *const whys[] = {
    "ok", "timeout", "refused", "unreachable", "reset", "status", "body", "error",
};

enum kind { ICMP, TCP, HTTP };
static const char *const kinds[] = {"icmp", "tcp", "http"};

struct attempt {
    int64_t sent;
    uint32_t rtt;
    bool settled;
    uint8_t why;
    int fd; /* -1: none */
    bool connected;
    size_t length;
    char answer[ANSWER_MAX];
};

struct probe {
    enum kind kind;
    struct sockaddr_in target;
    int64_t every, timeout, next;
    char request[REQUEST_MAX];
    const char *body;
    uint64_t first, last; /* attempts on their way: first … last - 1 */
    struct attempt attempts[ATTEMPTS];
};

struct record {
    int64_t sent; /* microseconds */
    uint32_t rtt;
    uint8_t probe, why, unused[2];
};

struct ring {
    char magic[16];
    uint64_t run;
    _Atomic uint64_t next;
    char names[PROBES][NAME_MAX_SIZE];
    struct record records[RECORDS];
};

static const char magic[16] = "nines-probe 1";
static struct probe probes[PROBES];
static int count;
static struct ring *ring;
static int echo = -1;
static uint16_t echo_id; /* of probe 0; the others follow */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "nines-probe: %s%s%s\n", what, errno ? ": " : "",
            errno ? strerror(errno) : "");
    exit(1);
}

/* ---- the ring ---- */

static void open_ring(const char *path, bool writing)
{
    int fd = open(path, (writing ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0600);
    if (fd < 0)
        fail(path);
    if (writing && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            exit(0); /* It runs already. */
        fail(path);
    }
    struct stat facts;
    if (fstat(fd, &facts) < 0)
        fail(path);
    if (writing ? ftruncate(fd, sizeof *ring) < 0
                : facts.st_size != (off_t)sizeof *ring)
        fail(path);
    int access = writing ? PROT_READ | PROT_WRITE : PROT_READ;
    ring = mmap(NULL, sizeof *ring, access, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED)
        fail(path);
    /* The descriptor stays open: it holds the lock. */
}

static void begin_ring(char names[PROBES][NAME_MAX_SIZE])
{
    if (!memcmp(ring->magic, magic, sizeof magic)
        && !memcmp(ring->names, names, sizeof ring->names))
        return; /* A probe before us was killed: go on after it. */
    memset(ring, 0, sizeof *ring);
    memcpy(ring->names, names, sizeof ring->names);
    if (getrandom(&ring->run, sizeof ring->run, 0) != sizeof ring->run)
        fail("getrandom");
    memcpy(ring->magic, magic, sizeof magic);
}

static void keep(int index, const struct attempt *a)
{
    uint64_t next = atomic_load(&ring->next);
    ring->records[next % RECORDS] = (struct record){
        .sent = a->sent, .rtt = a->rtt, .probe = (uint8_t)index, .why = a->why};
    atomic_store(&ring->next, next + 1);
}

static int read_ring(const char *path, const char *run, const char *from)
{
    static char text[LINES * LINE_MAX];
    open_ring(path, false);
    if (memcmp(ring->magic, magic, sizeof magic))
        fail("there is nothing to read yet");
    uint64_t first = strtoull(run, NULL, 16) == ring->run ? strtoull(from, NULL, 10) : 0;
    uint64_t next = atomic_load(&ring->next);
    if (first > next)
        first = next;
    /* One in reserve: the oldest may just be being overwritten. */
    uint64_t oldest = next >= RECORDS ? next - RECORDS + 1 : 0;
    if (first < oldest)
        first = oldest;
    if (next - first > LINES)
        next = first + LINES;
    size_t length = 0;
    for (uint64_t n = first; n < next; n++) {
        struct record r = ring->records[n % RECORDS];
        length += (size_t)snprintf(
            text + length, LINE_MAX, "%s %.6f %s %.3f %s\n", ring->names[r.probe % PROBES],
            (double)r.sent / 1e6, r.why == OK ? "up" : "down", r.rtt / 1e3,
            whys[r.why <= ERROR ? r.why : ERROR]);
    }
    printf("run %016llx clock %.6f first %llu next %llu\n", (unsigned long long)ring->run,
           (double)now() / 1e6, (unsigned long long)first, (unsigned long long)next);
    fwrite(text, 1, length, stdout);
    return fflush(stdout) ? 1 : 0;
}

/* ---- one attempt ---- */

static struct attempt *attempt_of(struct probe *p, uint64_t number)
{
    return &p->attempts[number % ATTEMPTS];
}

static void settle(struct attempt *a, enum why why, int64_t at)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
    a->settled = true;
    a->why = (uint8_t)why;
    a->rtt = (uint32_t)(at - a->sent);
}

static enum why why_of(int error)
{
    switch (error) {
    case ECONNREFUSED: return REFUSED;
    case ECONNRESET: case EPIPE: return RESET;
    case EHOSTUNREACH: case ENETUNREACH: case ENETDOWN: case EHOSTDOWN: return UNREACHABLE;
    case ETIMEDOUT: return TIMEOUT;
    default: return ERROR;
    }
}

static uint16_t checksum(const struct icmphdr *packet)
{
    uint16_t words[sizeof *packet / 2];
    memcpy(words, packet, sizeof words);
    uint32_t sum = 0;
    for (size_t n = 0; n < sizeof words / 2; n++)
        sum += words[n];
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)~(sum + (sum >> 16));
}

static void send_echo(struct probe *p, struct attempt *a, uint64_t number)
{
    struct icmphdr packet = {.type = ICMP_ECHO};
    packet.un.echo.id = htons((uint16_t)(echo_id + (p - probes)));
    packet.un.echo.sequence = htons((uint16_t)number);
    packet.checksum = checksum(&packet);
    if (sendto(echo, &packet, sizeof packet, 0, (struct sockaddr *)&p->target,
               sizeof p->target) < 0)
        settle(a, why_of(errno), a->sent);
}

static void hear_echoes(void)
{
    union {
        struct iphdr ip;
        unsigned char bytes[2048];
    } in;
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got;
    while ((got = recvfrom(echo, &in, sizeof in, 0, (struct sockaddr *)&from, &size)) >= 0) {
        size_t header = in.ip.ihl * 4u;
        struct icmphdr packet;
        if ((size_t)got < header + sizeof packet)
            continue;
        memcpy(&packet, in.bytes + header, sizeof packet);
        uint16_t index = (uint16_t)(ntohs(packet.un.echo.id) - echo_id);
        if (packet.type != ICMP_ECHOREPLY || index >= count || probes[index].kind != ICMP)
            continue;
        struct probe *p = &probes[index];
        if (from.sin_addr.s_addr != p->target.sin_addr.s_addr)
            continue;
        for (uint64_t n = p->first; n < p->last; n++)
            if ((uint16_t)n == ntohs(packet.un.echo.sequence) && !attempt_of(p, n)->settled)
                settle(attempt_of(p, n), OK, now());
        size = sizeof from;
    }
}

static void begin_connect(struct probe *p, struct attempt *a)
{
    a->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0
        || (connect(a->fd, (struct sockaddr *)&p->target, sizeof p->target) < 0
            && errno != EINPROGRESS))
        settle(a, why_of(errno), a->sent);
}

/* What the answer so far says: OK, STATUS or BODY; TIMEOUT is "read on". */
static enum why judge(const struct probe *p, const struct attempt *a, bool whole)
{
    if (a->length < 12)
        return whole ? STATUS : TIMEOUT;
    if (memcmp(a->answer, "HTTP/1.", 7) || a->answer[9] != '2')
        return STATUS;
    const char *end = memmem(a->answer, a->length, "\r\n\r\n", 4);
    if (end) {
        size_t length = a->length - (size_t)(end + 4 - a->answer);
        if (memmem(end + 4, length, p->body, strlen(p->body)))
            return OK;
    }
    return whole ? BODY : TIMEOUT;
}

static void go_on(struct probe *p, struct attempt *a)
{
    if (!a->connected) {
        int error = 0;
        socklen_t size = sizeof error;
        if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            error = errno;
        if (error || p->kind == TCP) {
            settle(a, error ? why_of(error) : OK, now());
            return;
        }
        a->connected = true;
        size_t length = strlen(p->request);
        if (send(a->fd, p->request, length, MSG_NOSIGNAL) != (ssize_t)length)
            settle(a, why_of(errno), now());
        return;
    }
    ssize_t got = recv(a->fd, a->answer + a->length, ANSWER_MAX - a->length, 0);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR)
            settle(a, why_of(errno), now());
        return;
    }
    a->length += (size_t)got;
    enum why why = judge(p, a, got == 0 || a->length == ANSWER_MAX);
    if (why != TIMEOUT)
        settle(a, why, now());
}

/* ---- the loop ---- */

static void start_due(struct probe *p)
{
    int64_t at = now();
    if (at < p->next || p->last - p->first == ATTEMPTS)
        return;
    p->next = p->next + p->every > at ? p->next + p->every : at + p->every;
    uint64_t number = p->last++;
    struct attempt *a = attempt_of(p, number);
    a->sent = at;
    a->settled = a->connected = false;
    a->length = 0;
    a->fd = -1;
    if (p->kind == ICMP)
        send_echo(p, a, number);
    else
        begin_connect(p, a);
}

static void keep_settled(int index)
{
    struct probe *p = &probes[index];
    int64_t at = now();
    for (uint64_t n = p->first; n < p->last; n++) {
        struct attempt *a = attempt_of(p, n);
        if (!a->settled && at >= a->sent + p->timeout)
            settle(a, TIMEOUT, at);
    }
    for (; p->first < p->last && attempt_of(p, p->first)->settled; p->first++)
        keep(index, attempt_of(p, p->first));
}

static int64_t next_moment(void)
{
    int64_t soonest = INT64_MAX;
    for (int i = 0; i < count; i++) {
        struct probe *p = &probes[i];
        if (p->next < soonest)
            soonest = p->next;
        /* The first is the oldest, and its time runs out first. */
        if (p->first < p->last && attempt_of(p, p->first)->sent + p->timeout < soonest)
            soonest = attempt_of(p, p->first)->sent + p->timeout;
    }
    return soonest;
}

static void turn(void)
{
    struct pollfd polled[1 + PROBES * ATTEMPTS];
    struct { struct probe *probe; struct attempt *attempt; } of[1 + PROBES * ATTEMPTS];
    nfds_t used = 0;
    if (echo >= 0)
        polled[used++] = (struct pollfd){.fd = echo, .events = POLLIN};
    for (int i = 0; i < count; i++)
        for (uint64_t n = probes[i].first; n < probes[i].last; n++) {
            struct attempt *a = attempt_of(&probes[i], n);
            if (a->fd < 0)
                continue;
            of[used].probe = &probes[i];
            of[used].attempt = a;
            polled[used++] = (struct pollfd){
                .fd = a->fd, .events = a->connected ? POLLIN : POLLOUT};
        }
    int64_t wait = next_moment() - now();
    struct timespec left = {
        .tv_sec = wait > 0 ? wait / 1000000 : 0,
        .tv_nsec = wait > 0 ? wait % 1000000 * 1000 : 0};
    if (ppoll(polled, used, &left, NULL) > 0) {
        for (nfds_t n = 0; n < used; n++)
            if (polled[n].revents && polled[n].fd != echo)
                go_on(of[n].probe, of[n].attempt);
        if (echo >= 0 && polled[0].revents)
            hear_echoes();
    }
    for (int i = 0; i < count; i++) {
        keep_settled(i);
        start_due(&probes[i]);
    }
}

static void read_probe(char **field, char name[NAME_MAX_SIZE])
{
    struct probe *p = &probes[count];
    errno = 0;
    if (strlen(field[0]) >= NAME_MAX_SIZE)
        fail(field[0]);
    strcpy(name, field[0]);
    int kind = 0;
    while (kind <= HTTP && strcmp(field[1], kinds[kind]))
        kind++;
    p->kind = (enum kind)kind;
    p->target = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(field[3]))};
    p->every = atoi(field[4]) * 1000LL;
    p->timeout = atoi(field[5]) * 1000LL;
    p->body = field[7];
    int length = snprintf(p->request, REQUEST_MAX,
                          "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: nines-probe\r\n"
                          "Connection: close\r\n\r\n", field[6], field[2]);
    if (kind > HTTP || inet_pton(AF_INET, field[2], &p->target.sin_addr) != 1
        || p->every < 20000 || p->timeout < 20000
        || p->timeout / p->every >= ATTEMPTS - 1 || length >= REQUEST_MAX)
        fail(field[0]);
    count++;
}

static int run_probes(const char *path, int fields, char **field)
{
    char names[PROBES][NAME_MAX_SIZE] = {0};
    open_ring(path, true);
    for (; fields >= FIELDS && count < PROBES; fields -= FIELDS, field += FIELDS)
        read_probe(field, names[count]);
    errno = 0;
    if (!count || fields)
        fail("eight words for each probe, at most eight probes");
    if (getrandom(&echo_id, sizeof echo_id, 0) != sizeof echo_id)
        fail("getrandom");
    for (int i = 0; i < count; i++) {
        probes[i].next = now() + probes[i].every * i / count;
        if (probes[i].kind == ICMP && echo < 0) {
            echo = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
            if (echo < 0)
                fail("icmp");
        }
    }
    begin_ring(names);
    /* All is well: whoever started us need not wait for our output to end. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        if (null < 0 || dup2(null, fd) < 0)
            fail("/dev/null");
    for (;;)
        turn();
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "read"))
        return read_ring(argv[2], argv[3], argv[4]);
    if (argc > 3 && !strcmp(argv[1], "run"))
        return run_probes(argv[2], argc - 3, argv + 3);
    fputs("nines-probe: run RING {NAME KIND TARGET PORT EVERY TIMEOUT PATH BODY}…\n"
          "             read RING RUN FIRST\n", stderr);
    return 2;
}
