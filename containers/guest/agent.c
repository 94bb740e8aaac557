/*
 * nines-agent: starts processes inside a machine for the supervisor outside it.
 *
 * It speaks over one virtio-serial port and nothing else. One process, one loop,
 * fixed tables: what the other side sends can fill a table or a buffer, never
 * the machine. A frame is a 9-byte header, type (1), channel (4), length (4), both
 * big-endian, and the payload; "fields" are strings that each end in a NUL.
 *
 *   from the supervisor                             (payload at most 64 KiB)
 *     Z  0  16 bytes MAGIC, 8 bytes token   synchronise: forget all, answer H
 *     O  n  fields: kind, …                 open channel n; stdin window 64 KiB
 *             command  timeout_ms cwd argc argv… KEY=VALUE…
 *             terminal rows columns cwd argc argv… KEY=VALUE…
 *             read     path limit           the file's bytes come as stdout
 *             write    path mode            stdin is the file's new content
 *             sync                          flush the root file system
 *     I  n  bytes                           stdin, or a terminal's keys
 *     E  n                                  end of stdin
 *     W  n  >HH rows, columns               the terminal has another size
 *     K  n  >B signal                       to the process group
 *     A  n  >I bytes                        credit: that many more may be sent
 *     P  n  fields: seconds nanoseconds entropy(hex) hostname machine-id
 *                                           who this machine is; no process is started
 *     ?  n  bytes                           answered by ! with the same bytes
 *   from the machine                                (whole frame at most 32 KiB)
 *     H  0  MAGIC, token, fields: boot-id version reason
 *     1 2 n bytes                           stdout or terminal output; stderr
 *     A  n  >I bytes                        that much stdin has been taken
 *     x  n  fields: code timed_out error    the end of channel n, answer to P
 *     !  n  bytes
 *
 * Output starts with a credit of nothing: the supervisor sends A after O.
 *
 * Synchronising. After its start, and after a frame that makes no sense, the agent
 * sends H with a token of zeros and a reason, and throws away what it reads until it
 * sees a whole Z. Bytes meant for an agent that was killed can so never be taken for
 * a frame, and the supervisor finds its own token in H before it believes a frame.
 *
 * `--port PATH` takes a Unix socket or a terminal device instead of the port
 * org.nines.agent, for tests on any machine; P is then checked and not carried out.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <dirent.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PORT_NAME "org.nines.agent"
#define MAGIC "nines-agent-sync"
#define VERSION "1"

enum {
    HEADER = 9,
    MAGIC_SIZE = 16,
    TOKEN_SIZE = 8,
    SYNC_SIZE = MAGIC_SIZE + TOKEN_SIZE,
    PAYLOAD_MAX = 65536,
    FRAME_OUT = 32768, /* one buffer of the virtio queue: sent whole or not at all */
    DATA_OUT = FRAME_OUT - HEADER,
    CHANNELS = 64,
    STDIN_WINDOW = 65536,
    PENDING_MAX = 262144,
    PENDING_HIGH = PENDING_MAX / 2,
    FIELDS = 512,
    ENVIRONMENT = 128,
    CREDIT_MAX = 1 << 30,
    GRACE_MS = 500,     /* for what a command left running with its output open */
    PAUSE_US = 2000, /* a terminal is read so often, its first bytes at once */
    FLOOD_BYTES = 2048,
    FLOOD_NICE = 19,
};

struct channel {
    bool used, terminal, exited, timed_out, closing, eof;
    uint32_t id;
    pid_t pid;
    int code;
    int stdin_fd, out[2];
    uint32_t credit, taken;
    int64_t deadline, not_before; /* microseconds; 0 is never */
    size_t start, length;         /* of what waits in stdin_data */
};

static struct channel channels[CHANNELS];
static unsigned char stdin_data[CHANNELS][STDIN_WINDOW];
static unsigned char incoming[HEADER + PAYLOAD_MAX];
static size_t incoming_length;
static unsigned char pending[PENDING_MAX];
static size_t pending_length;
static int port = -1;
static bool synchronised, rehearsal;
static bool flood; /* what was read last was much */
static int own_nice;
static volatile sig_atomic_t child_ended;

static const char *const defaults[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash",
    "TERM=xterm-256color", "LANG=C.UTF-8",
};

static void desynchronise(const char *reason);

/* ---- small things ---- */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static uint32_t read_u32(const unsigned char *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return be32toh(value);
}

static void write_u32(unsigned char *p, uint32_t value)
{
    value = htobe32(value);
    memcpy(p, &value, sizeof value);
}

/* A whole number in `low`…`high`; anything else is refused. */
static bool parse(const char *text, long long low, long long high, long long *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return *text && !*end && !errno && *value >= low && *value <= high;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static ssize_t read_whole(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, to, size - 1);
    close(fd);
    to[n > 0 ? n : 0] = 0;
    return n;
}

static int write_whole(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno;
    size_t size = strlen(text);
    int error = write(fd, text, size) == (ssize_t)size ? 0 : EIO;
    close(fd);
    return error;
}

/* ---- the port ---- */

static void flush_pending(void)
{
    size_t sent = 0;
    while (sent < pending_length) {
        size_t part = smaller(pending_length - sent, FRAME_OUT);
        ssize_t n = write(port, pending + sent, part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        sent += n;
    }
    memmove(pending, pending + sent, pending_length - sent);
    pending_length -= sent;
}

/* `frame` has room for the header before its payload. Never blocks, never drops:
   callers send data only while nothing waits, and answers are fewer than the room. */
static void send_frame(char type, uint32_t id, unsigned char *frame, size_t length)
{
    size_t size = HEADER + length, sent = 0;
    frame[0] = type;
    write_u32(frame + 1, id);
    write_u32(frame + 5, length);
    if (pending_length == 0) {
        ssize_t n;
        do
            n = write(port, frame, size);
        while (n < 0 && errno == EINTR);
        sent = n > 0 ? n : 0;
    }
    if (size - sent > PENDING_MAX - pending_length)
        _exit(1); /* Cannot happen; systemd starts us again and the host sees H. */
    memcpy(pending + pending_length, frame + sent, size - sent);
    pending_length += size - sent;
}

static void send_hello(const unsigned char *token, const char *reason)
{
    unsigned char frame[HEADER + SYNC_SIZE + 192];
    unsigned char *p = frame + HEADER;
    char boot[64] = "";
    read_whole("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    boot[strcspn(boot, "\n")] = 0;
    memcpy(p, MAGIC, MAGIC_SIZE);
    memcpy(p + MAGIC_SIZE, token, TOKEN_SIZE);
    int n = snprintf((char *)p + SYNC_SIZE, 192, "%s%c%s%c%.80s", boot, 0, VERSION, 0,
                     reason);
    send_frame('H', 0, frame, SYNC_SIZE + n + 1);
}

static void send_end(uint32_t id, int code, bool timed_out, const char *error)
{
    unsigned char frame[HEADER + 160];
    int n = snprintf((char *)frame + HEADER, 160, "%d%c%d%c%.120s", code, 0, timed_out, 0,
                     error);
    send_frame('x', id, frame, n + 1);
}

static void send_taken(struct channel *c)
{
    unsigned char frame[HEADER + 4];
    write_u32(frame + HEADER, c->taken);
    send_frame('A', c->id, frame, 4);
    c->taken = 0;
}

/* ---- channels ---- */

static struct channel *find_channel(uint32_t id)
{
    for (struct channel *c = channels; c < channels + CHANNELS; c++)
        if (c->used && c->id == id)
            return c;
    return NULL;
}

static void release(struct channel *c)
{
    close_fd(&c->stdin_fd);
    close_fd(&c->out[0]);
    close_fd(&c->out[1]);
    c->used = false;
}

/* The process group; or the process, while it has not yet made its group. */
static void signal_group(struct channel *c, int number)
{
    if (kill(-c->pid, number) < 0 && errno == ESRCH)
        kill(c->pid, number);
}

/* Drop a channel and what runs in it; the zombie is reaped with all others. */
static void abandon(struct channel *c)
{
    if (!c->exited)
        signal_group(c, c->terminal ? SIGHUP : SIGKILL);
    release(c);
}

static void abandon_all(void)
{
    for (struct channel *c = channels; c < channels + CHANNELS; c++)
        if (c->used)
            abandon(c);
}

static void finish_if_done(struct channel *c)
{
    if (!c->exited || c->out[0] >= 0 || c->out[1] >= 0)
        return;
    send_end(c->id, c->timed_out ? 124 : c->code, c->timed_out, "");
    release(c);
}

/* Move what the process has written into at most one frame. */
static void pump_output(struct channel *c, int which)
{
    static unsigned char frame[FRAME_OUT];
    size_t room = smaller(DATA_OUT, c->credit), have = 0;
    ssize_t n = 1;

    if (pending_length || !room)
        return;
    while (have < room) {
        n = read(c->out[which], frame + HEADER + have, room - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        have += n;
    }
    bool empty = n < 0 && errno == EAGAIN;
    if (have) {
        c->credit -= have;
        send_frame('1' + which, c->id, frame, have);
        flood = have >= FLOOD_BYTES;
        if (c->terminal && !c->exited && !flood)
            c->not_before = now() + PAUSE_US;
    }
    if (n == 0 || (n < 0 && !empty) || (empty && c->closing)) {
        close_fd(&c->out[which]);
        finish_if_done(c);
    }
}

static void pump_input(struct channel *c)
{
    unsigned char *data = stdin_data[c - channels];
    while (c->length && c->stdin_fd >= 0) {
        ssize_t n = write(c->stdin_fd, data + c->start, c->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            close_fd(&c->stdin_fd);
            break;
        }
        c->start += n;
        c->length -= n;
        c->taken += n;
    }
    if (c->stdin_fd < 0) { /* Nobody reads: taken, so that the sender goes on. */
        c->taken += c->length;
        c->length = 0;
    }
    if (!c->length) {
        c->start = 0;
        if (c->eof && !c->terminal)
            close_fd(&c->stdin_fd);
    }
    if (c->taken >= STDIN_WINDOW / 4)
        send_taken(c);
}

static void take_input(struct channel *c, const unsigned char *data, size_t length)
{
    unsigned char *buffer = stdin_data[c - channels];
    if (length > STDIN_WINDOW - c->length) {
        desynchronise("stdin beyond its window");
        return;
    }
    if (c->start + c->length + length > STDIN_WINDOW) {
        memmove(buffer, buffer + c->start, c->length);
        c->start = 0;
    }
    memcpy(buffer + c->start + c->length, data, length);
    c->length += length;
    pump_input(c);
}

static void reap_children(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (struct channel *c = channels; c < channels + CHANNELS; c++) {
            if (!c->used || c->exited || c->pid != pid)
                continue;
            c->exited = true;
            c->not_before = 0;
            c->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            c->deadline = now() + GRACE_MS * 1000;
            close_fd(&c->stdin_fd);
            finish_if_done(c);
            break;
        }
    }
}

static void meet_deadline(struct channel *c)
{
    c->deadline = 0;
    if (c->exited) {
        c->closing = true;
    } else {
        c->timed_out = true;
        signal_group(c, SIGKILL);
    }
}

/* ---- what a child does before, or instead of, running a program ---- */

static _Noreturn void run_program(char **argv, char **environment, const char *cwd)
{
    if (chdir(cwd) < 0 && chdir("/") < 0)
        _exit(126);
    environ = environment;
    execvp(argv[0], argv);
    int error = errno;
    dprintf(2, "%s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

static int copy(int from, int to, size_t limit)
{
    static char buffer[65536];
    ssize_t n = 0, done;
    while (limit && (n = read(from, buffer, smaller(limit, sizeof buffer))) > 0) {
        limit -= n;
        for (ssize_t sent = 0; sent < n; sent += done)
            if ((done = write(to, buffer + sent, n - sent)) < 0)
                return errno;
    }
    return n < 0 ? errno : 0;
}

static int read_file(const char *path, size_t limit)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about) < 0)
        return errno;
    if (!S_ISREG(about.st_mode))
        return S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    return copy(fd, 1, limit);
}

static int write_file(char *path, mode_t mode)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return errno;
        *slash = '/';
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY, mode);
    if (fd < 0)
        return errno;
    int error = copy(0, fd, SIZE_MAX);
    if (!error && fchmod(fd, mode) < 0 && errno != EPERM)
        error = errno;
    if (close(fd) < 0 && !error)
        error = errno;
    return error;
}

static int flush_root(void)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    return fd < 0 || syncfs(fd) < 0 ? errno : 0;
}

/* What the agent has from systemd (priority, protection, signals, files) is its own. */
static void become_ordinary(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    setsid();
    setpriority(PRIO_PROCESS, 0, 0);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "0", 1) < 0)
            errno = 0; /* On a host where we may not: as it is. */
        close(fd);
    }
    umask(022);
}

/* ---- opening a channel ---- */

struct request {
    char *field[FIELDS];
    int count;
};

static bool split_fields(unsigned char *data, size_t length, struct request *request)
{
    request->count = 0;
    if (length && data[length - 1])
        return false;
    for (size_t at = 0; at < length; at += strlen((char *)data + at) + 1) {
        if (request->count == FIELDS)
            return false;
        request->field[request->count++] = (char *)data + at;
    }
    return true;
}

/* Our defaults, each replaced by what the request says of the same name. */
static bool make_environment(char **extra, int count, char **environment)
{
    int n = 0;
    if (count + (int)(sizeof defaults / sizeof *defaults) >= ENVIRONMENT)
        return false;
    for (int i = 0; i < count; i++) {
        if (!strchr(extra[i], '='))
            return false;
        environment[n++] = extra[i];
    }
    for (size_t d = 0; d < sizeof defaults / sizeof *defaults; d++) {
        size_t name = strchr(defaults[d], '=') - defaults[d] + 1;
        bool replaced = false;
        for (int i = 0; i < count; i++)
            replaced |= !strncmp(extra[i], defaults[d], name);
        if (!replaced)
            environment[n++] = (char *)defaults[d];
    }
    environment[n] = NULL;
    return true;
}

struct plan {
    enum { COMMAND, TERMINAL, READ, WRITE, SYNC } kind;
    long long timeout_ms, rows, columns, limit, mode;
    char *path, *argv[FIELDS + 1], *environment[ENVIRONMENT];
};

static bool plan_program(struct request *r, struct plan *plan)
{
    long long argc;
    bool terminal = plan->kind == TERMINAL;
    int next = terminal ? 5 : 4;
    if (r->count < next + 1 || !parse(r->field[next - 1], 1, r->count - next, &argc))
        return false;
    if (terminal ? !parse(r->field[1], 1, 1000, &plan->rows) ||
                       !parse(r->field[2], 1, 1000, &plan->columns)
                 : !parse(r->field[1], 0, 86400000, &plan->timeout_ms))
        return false;
    plan->path = r->field[next - 2];
    memcpy(plan->argv, r->field + next, argc * sizeof *plan->argv);
    plan->argv[argc] = NULL;
    return make_environment(r->field + next + argc, r->count - next - (int)argc,
                            plan->environment);
}

static bool make_plan(struct request *r, struct plan *plan)
{
    static const char *const kinds[] = {"command", "terminal", "read", "write", "sync"};
    size_t kind = 0;
    if (r->count == 0)
        return false;
    while (kind < 5 && strcmp(r->field[0], kinds[kind]))
        kind++;
    plan->kind = kind;
    if (kind == COMMAND || kind == TERMINAL)
        return plan_program(r, plan);
    if (kind == SYNC)
        return r->count == 1;
    if (kind > SYNC || r->count != 3 || r->field[1][0] != '/')
        return false;
    plan->path = r->field[1];
    return kind == READ ? parse(r->field[2], 0, 1 << 30, &plan->limit)
                        : parse(r->field[2], 0, 07777, &plan->mode);
}

static _Noreturn void run_plan(struct plan *plan)
{
    switch (plan->kind) {
    case READ:
        _exit(read_file(plan->path, plan->limit));
    case WRITE:
        _exit(write_file(plan->path, plan->mode));
    case SYNC:
        _exit(flush_root());
    default:
        run_program(plan->argv, plan->environment, plan->path);
    }
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void resize(int terminal, int rows, int columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    ioctl(terminal, TIOCSWINSZ, &size);
}

static bool start_terminal(struct channel *c, struct plan *plan)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), unlocked = 0, slave = -1;
    if (master >= 0 && ioctl(master, TIOCSPTLCK, &unlocked) == 0)
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) {
        close_fd(&master);
        return false;
    }
    resize(master, plan->rows, plan->columns);
    c->pid = fork();
    if (c->pid == 0) {
        become_ordinary();
        ioctl(slave, TIOCSCTTY, 0);
        for (int fd = 0; fd < 3; fd++)
            dup2(slave, fd);
        close_range(3, ~0U, 0);
        run_plan(plan);
    }
    close(slave);
    c->out[0] = master;
    c->stdin_fd = fcntl(master, F_DUPFD_CLOEXEC, 0);
    set_nonblocking(master);
    return c->pid > 0 && c->stdin_fd >= 0;
}

static bool start_command(struct channel *c, struct plan *plan)
{
    int ends[6] = {-1, -1, -1, -1, -1, -1}; /* stdin, stdout, stderr: read, write */
    bool made = true;
    for (int i = 0; i < 6 && made; i += 2)
        made = pipe2(ends + i, O_CLOEXEC) == 0;
    c->pid = made ? fork() : -1;
    if (c->pid == 0) {
        become_ordinary();
        dup2(ends[0], 0);
        dup2(ends[3], 1);
        dup2(ends[5], 2);
        close_range(3, ~0U, 0);
        run_plan(plan);
    }
    close_fd(&ends[0]);
    close_fd(&ends[3]);
    close_fd(&ends[5]);
    c->stdin_fd = ends[1];
    c->out[0] = ends[2];
    c->out[1] = ends[4];
    for (int i = 0; i < 3 && c->pid > 0; i++)
        set_nonblocking(ends[i == 0 ? 1 : 2 * i]);
    return c->pid > 0;
}

static void open_channel(uint32_t id, unsigned char *data, size_t length)
{
    static struct request request;
    static struct plan plan;
    struct channel *c = channels;

    memset(&plan, 0, sizeof plan);
    if (find_channel(id) || !split_fields(data, length, &request) ||
        !make_plan(&request, &plan)) {
        desynchronise("a request that makes no sense");
        return;
    }
    while (c < channels + CHANNELS && c->used)
        c++;
    if (c == channels + CHANNELS) {
        send_end(id, 255, false, "too_many");
        return;
    }
    memset(c, 0, sizeof *c);
    c->id = id;
    c->stdin_fd = c->out[0] = c->out[1] = -1;
    c->terminal = plan.kind == TERMINAL;
    if (!(c->terminal ? start_terminal : start_command)(c, &plan)) {
        send_end(id, 255, false, strerror(errno));
        release(c);
        return;
    }
    c->used = true;
    if (plan.timeout_ms)
        c->deadline = now() + plan.timeout_ms * 1000;
}

/* ---- who this machine is ---- */

static int nibble(char digit)
{
    const char *digits = "0123456789abcdef", *found = strchr(digits, digit);
    return digit && found ? (int)(found - digits) : -1;
}

/* Two clones of one template must not draw the same random numbers. */
static int stir_entropy(const char *hex)
{
    struct {
        struct rand_pool_info info;
        unsigned char data[256];
    } pool = {.info = {0, 0}};
    size_t size = smaller(strlen(hex) / 2, sizeof pool.data);
    for (size_t i = 0; i < size; i++)
        pool.data[i] = nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]);
    pool.info.entropy_count = size * 8;
    pool.info.buf_size = size;
    int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC), error = 0;
    if (fd < 0)
        return errno;
    if (ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
        error = errno;
    close(fd);
    return error;
}

/* It remembers the host name it was started with, and reads it again on a hang-up. */
static void tell_rsyslog(void)
{
    char text[64], path[64];
    long long pid;
    if (read_whole("/run/rsyslogd.pid", text, sizeof text) <= 0)
        return;
    text[strcspn(text, "\n")] = 0;
    if (!parse(text, 2, INT32_MAX, &pid))
        return;
    snprintf(path, sizeof path, "/proc/%lld/comm", pid);
    if (read_whole(path, text, sizeof text) > 0 && !strcmp(text, "rsyslogd\n"))
        kill(pid, SIGHUP);
}

static int name_machine(const char *name)
{
    char line[80];
    snprintf(line, sizeof line, "%s\n", name);
    if (sethostname(name, strlen(name)) < 0)
        return errno;
    int error = write_whole("/etc/hostname", line);
    tell_rsyslog();
    return error;
}

static int set_machine_id(const char *id)
{
    char line[80];
    snprintf(line, sizeof line, "%s\n", id);
    return write_whole("/etc/machine-id", line);
}

static int set_clock(long long seconds, long long nanoseconds)
{
    struct timespec time = {.tv_sec = seconds, .tv_nsec = nanoseconds};
    return clock_settime(CLOCK_REALTIME, &time) < 0 ? errno : 0;
}

static void personalise(uint32_t id, unsigned char *data, size_t length)
{
    static struct request r;
    long long seconds, nanoseconds;
    if (!split_fields(data, length, &r) || r.count != 5 ||
        !parse(r.field[0], 0, INT64_MAX, &seconds) ||
        !parse(r.field[1], 0, 999999999, &nanoseconds) ||
        strspn(r.field[2], "0123456789abcdef") != strlen(r.field[2]) ||
        strlen(r.field[3]) > 63 || strlen(r.field[4]) > 63) {
        desynchronise("a person that makes no sense");
        return;
    }
    int error = 0;
    if (!rehearsal) { /* An empty field leaves things as they are. */
        int clock = set_clock(seconds, nanoseconds);
        int entropy = r.field[2][0] ? stir_entropy(r.field[2]) : 0;
        int name = r.field[3][0] ? name_machine(r.field[3]) : 0;
        int machine = r.field[4][0] ? set_machine_id(r.field[4]) : 0;
        error = clock ? clock : entropy ? entropy : name ? name : machine;
    }
    send_end(id, error, false, error ? strerror(error) : "");
}

/* ---- frames from the supervisor ---- */

static void handle_frame(char type, uint32_t id, unsigned char *data, size_t length)
{
    struct channel *c = find_channel(id);
    switch (type) {
    case 'Z':
        if (length != SYNC_SIZE || memcmp(data, MAGIC, MAGIC_SIZE))
            break;
        abandon_all();
        synchronised = true;
        send_hello(data + MAGIC_SIZE, "asked");
        return;
    case 'O':
        open_channel(id, data, length);
        return;
    case 'P':
        personalise(id, data, length);
        return;
    case '?': {
        static unsigned char answer[FRAME_OUT];
        length = smaller(length, DATA_OUT);
        memcpy(answer + HEADER, data, length);
        send_frame('!', id, answer, length);
        return;
    }
    case 'I':
        if (c)
            take_input(c, data, length);
        return;
    case 'E':
        if (c) {
            c->eof = true;
            pump_input(c);
        }
        return;
    case 'W':
        if (length != 4)
            break;
        if (c && c->terminal)
            resize(c->stdin_fd, data[0] << 8 | data[1], data[2] << 8 | data[3]);
        return;
    case 'K':
        if (length != 1 || data[0] > 64)
            break;
        if (c && !c->exited)
            signal_group(c, data[0]);
        return;
    case 'A':
        if (length != 4)
            break;
        if (c)
            c->credit = smaller((size_t)c->credit + read_u32(data), CREDIT_MAX);
        return;
    }
    desynchronise("a frame that makes no sense");
}

static void drop_incoming(size_t count)
{
    memmove(incoming, incoming + count, incoming_length - count);
    incoming_length -= count;
}

/* Throw away what comes before the first whole Z. */
static void look_for_sync(void)
{
    static const unsigned char mark[HEADER + MAGIC_SIZE + 1] =
        "Z\0\0\0\0\0\0\0\x18" MAGIC;
    size_t whole = HEADER + SYNC_SIZE, size = HEADER + MAGIC_SIZE;
    unsigned char *found = memmem(incoming, incoming_length, mark, size);
    if (!found) {
        if (incoming_length >= size)
            drop_incoming(incoming_length - size + 1);
        return;
    }
    drop_incoming(found - incoming);
    if (incoming_length < whole)
        return;
    handle_frame('Z', 0, incoming + HEADER, SYNC_SIZE);
    drop_incoming(whole);
}

/* Handle the whole frames that have come, while their answers have room. */
static void handle_frames(void)
{
    size_t at = 0;
    while (synchronised && incoming_length - at >= HEADER && pending_length < PENDING_HIGH) {
        unsigned char *frame = incoming + at;
        size_t length = read_u32(frame + 5);
        if (length > PAYLOAD_MAX) {
            desynchronise("a frame too long");
            break;
        }
        if (incoming_length - at < HEADER + length)
            break;
        at += HEADER + length;
        handle_frame((char)frame[0], read_u32(frame + 1), frame + HEADER, length);
    }
    drop_incoming(at);
}

static void handle_incoming(void)
{
    do {
        if (!synchronised)
            look_for_sync();
        if (!synchronised)
            return;
        handle_frames();
    } while (!synchronised);
}

static void desynchronise(const char *reason)
{
    static const unsigned char nobody[TOKEN_SIZE];
    abandon_all();
    synchronised = false;
    send_hello(nobody, reason);
}

static void read_port(void)
{
    ssize_t n = read(port, incoming + incoming_length, sizeof incoming - incoming_length);
    if (n > 0) {
        incoming_length += n;
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (rehearsal) { /* A socket that is closed stays closed. */
        abandon_all();
        exit(0);
    }
    struct timespec pause = {.tv_nsec = 20000000}; /* The host end is not there yet. */
    nanosleep(&pause, NULL);
}

/* ---- finding the port, and the loop ---- */

static bool find_port(char *path, size_t size)
{
    DIR *folder = opendir("/sys/class/virtio-ports");
    bool found = false;
    struct dirent *entry;
    while (folder && !found && (entry = readdir(folder))) {
        char file[320], name[64];
        snprintf(file, sizeof file, "/sys/class/virtio-ports/%s/name", entry->d_name);
        if (entry->d_name[0] == '.' || read_whole(file, name, sizeof name) <= 0)
            continue;
        name[strcspn(name, "\n")] = 0;
        snprintf(path, size, "/dev/%s", entry->d_name);
        found = !strcmp(name, PORT_NAME);
    }
    if (folder)
        closedir(folder);
    return found;
}

static int open_port(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat about;
    if (path && stat(path, &about) == 0 && S_ISSOCK(about.st_mode)) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
            return -1;
        set_nonblocking(fd);
        return fd;
    }
    int fd = path ? open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    struct termios raw;
    if (fd >= 0 && tcgetattr(fd, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    return fd;
}

static void wait_for_port(void)
{
    struct timespec pause = {.tv_nsec = 20000000};
    char path[320];
    while (!find_port(path, sizeof path) || (port = open_port(path)) < 0)
        nanosleep(&pause, NULL);
}

static void earlier(int64_t *next, int64_t time)
{
    if (time && (!*next || time < *next))
        *next = time;
}

/* Wait for anything, and see to all of it. In a flood we wait with a low priority: then
   the program runs until its pipe or terminal is full, and we read it whole, instead of
   changing tasks at every line, which is most of the work where KVM is missing. */
static void turn(const sigset_t *while_waiting)
{
    struct pollfd polled[1 + 3 * CHANNELS];
    struct channel *owner[1 + 3 * CHANNELS];
    int count = 1, role[1 + 3 * CHANNELS];
    int64_t next = 0, time = now();
    bool room = incoming_length < sizeof incoming && pending_length < PENDING_HIGH;

    polled[0] = (struct pollfd){port, (room ? POLLIN : 0) | (pending_length ? POLLOUT : 0), 0};
    for (struct channel *c = channels; c < channels + CHANNELS; c++) {
        if (!c->used)
            continue;
        earlier(&next, c->deadline);
        if (c->length && c->stdin_fd >= 0) {
            polled[count] = (struct pollfd){c->stdin_fd, POLLOUT, 0};
            owner[count] = c;
            role[count++] = -1;
        }
        if (pending_length || !c->credit)
            continue;
        if (c->not_before > time) {
            earlier(&next, c->not_before);
            continue;
        }
        for (int which = 0; which < 2; which++) {
            if (c->out[which] < 0)
                continue;
            if (c->closing)
                next = time;
            polled[count] = (struct pollfd){c->out[which], POLLIN, 0};
            owner[count] = c;
            role[count++] = which;
        }
    }
    int64_t wait = next > time ? next - time : 0;
    struct timespec timeout = {wait / 1000000, wait % 1000000 * 1000};
    bool patient = flood && own_nice < 0;
    flood = false;
    if (patient)
        setpriority(PRIO_PROCESS, 0, FLOOD_NICE);
    if (ppoll(polled, count, next ? &timeout : NULL, while_waiting) < 0)
        for (int i = 0; i < count; i++)
            polled[i].revents = 0;
    if (patient)
        setpriority(PRIO_PROCESS, 0, own_nice);

    if (polled[0].revents & POLLOUT)
        flush_pending();
    if (polled[0].revents & (POLLIN | POLLHUP | POLLERR))
        read_port();
    if (incoming_length)
        handle_incoming();
    for (int i = 1; i < count; i++) {
        struct channel *c = owner[i];
        if (role[i] < 0) {
            if (c->used && c->stdin_fd == polled[i].fd && polled[i].revents)
                pump_input(c);
        } else if (c->used && c->out[role[i]] == polled[i].fd &&
                   (polled[i].revents || c->closing)) {
            pump_output(c, role[i]);
        }
    }
    if (child_ended) {
        child_ended = 0;
        reap_children();
    }
    time = now();
    for (struct channel *c = channels; c < channels + CHANNELS; c++)
        if (c->used && c->deadline && c->deadline <= time)
            meet_deadline(c);
}

static void note_child(int signal_number)
{
    (void)signal_number;
    child_ended = 1;
}

int main(int argc, char **argv)
{
    sigset_t blocked, while_waiting;
    struct sigaction action = {.sa_handler = note_child, .sa_flags = SA_NOCLDSTOP};

    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--port"))) {
        fprintf(stderr, "usage: nines-agent [--port PATH]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &while_waiting);
    sigaction(SIGCHLD, &action, NULL);

    if (argc == 3) {
        rehearsal = true;
        port = open_port(argv[2]);
        if (port < 0) {
            perror(argv[2]);
            return 1;
        }
    } else {
        wait_for_port();
    }
    own_nice = getpriority(PRIO_PROCESS, 0);
    desynchronise("started");
    for (;;)
        turn(&while_waiting);
}
