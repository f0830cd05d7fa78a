// SPDX-License-Identifier: Apache-2.0
// A process that starts the supervisors of steps. Joining a control group waits for the whole machine to pass a quiet
// state, some 10 ms; this process does it once, and what it starts is in the group from the beginning.
#define _GNU_SOURCE
#include "CLinux.h"
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

// What the owner sends when it ends in order, and gets back when no step is left.
static const char farewell = 'e';

enum { MOST_TEXT = 96 * 1024, MOST_STRINGS = 256, MOST_FILES = 4 + 16 };

// A request: these counts, then the strings with their final zeros: program, pid file, arguments, environment, groups.
// One without arguments has a group to enter instead of a program.
struct request {
    int32_t arguments, environment, groups;
};

static int append(char *text, size_t *used, const char *string) {
    size_t length = strlen(string) + 1;
    if (*used + length > MOST_TEXT) return -1;
    memcpy(text + *used, string, length);
    *used += length;
    return 0;
}

static int request(int socket, const struct reel_launch *launch) {
    char *text = malloc(MOST_TEXT);
    if (!text) return -1;
    struct request request = {.groups = launch->group_count};
    size_t used = sizeof request;
    int failed = launch->group_count > 16 || append(text, &used, launch->program) || append(text, &used, launch->pid_file);
    for (char *const *one = launch->arguments; !failed && *one; one++, request.arguments++)
        failed = append(text, &used, *one);
    for (char *const *one = launch->environment; !failed && *one; one++, request.environment++)
        failed = append(text, &used, *one);
    for (int i = 0; !failed && i < launch->group_count; i++) failed = append(text, &used, launch->group_paths[i]);
    if (failed || request.arguments + request.environment + request.groups + 8 > MOST_STRINGS) {
        free(text);
        errno = E2BIG;
        return -1;
    }
    memcpy(text, &request, sizeof request);
    int files[MOST_FILES] = {launch->output, launch->error, launch->life, launch->report};
    for (int i = 0; i < launch->group_count; i++) files[4 + i] = launch->groups[i];
    size_t bytes = sizeof(int) * (size_t)(4 + launch->group_count);
    char control[CMSG_SPACE(sizeof files)] = {0};
    struct iovec part = {.iov_base = text, .iov_len = used};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(header), files, bytes);
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    int code = errno;
    free(text);
    errno = code;
    return sent < 0 ? -1 : 0;
}

static int ask_to_enter(int socket, const char *group) {
    char text[sizeof(struct request) + PATH_MAX];
    struct request request = {0};
    size_t length = strlen(group) + 1;
    if (length > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(text, &request, sizeof request);
    memcpy(text + sizeof request, group, length);
    return send(socket, text, sizeof request + length, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

// The next string of a request, or NULL at its end.
static char *next(char **place, char *end) {
    char *start = *place, *zero = memchr(start, 0, (size_t)(end - start));
    if (!zero) return NULL;
    *place = zero + 1;
    return start;
}

// Reads a request into `launch`, whose strings point into `text`. Returns 0, or -1 for one that makes no sense.
static int understand(struct reel_launch *launch, char *text, size_t length, char **strings, int *files, int count) {
    struct request request;
    if (length < sizeof request || count < 4) return -1;
    memcpy(&request, text, sizeof request);
    if (request.arguments < 1 || request.environment < 0 || request.groups != count - 4) return -1;
    if (request.arguments + request.environment + request.groups + 8 > MOST_STRINGS) return -1;
    char *place = text + sizeof request, *end = text + length;
    launch->program = next(&place, end);
    launch->pid_file = next(&place, end);
    int32_t counts[3] = {request.arguments, request.environment, request.groups};
    char **lists[3];
    for (int list = 0; list < 3; list++) {
        lists[list] = strings;
        for (int32_t i = 0; i < counts[list]; i++)
            if (!(*strings++ = next(&place, end))) return -1;
        *strings++ = NULL;
    }
    launch->arguments = lists[0];
    launch->environment = lists[1];
    launch->group_paths = (const char *const *)lists[2];
    launch->output = files[0];
    launch->error = files[1];
    launch->life = files[2];
    launch->report = files[3];
    launch->groups = files + 4;
    launch->group_count = count - 4;
    return launch->program && launch->pid_file ? 0 : -1;
}

// The group that the server is in, once it is in one.
static char entered[PATH_MAX];

static void enter(const char *group) {
    char path[PATH_MAX + 16];
    if (entered[0]) return;
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    // A step that would not be confined must not run.
    if (file < 0 || write(file, "0", 1) != 1) _exit(1);
    close(file);
    snprintf(entered, sizeof entered, "%s", group);
}

// Goes where the group's parent is, and removes the group.
static void leave(void) {
    char path[PATH_MAX + 16];
    char *slash = strrchr(entered, '/');
    if (!slash) return;
    snprintf(path, sizeof path, "%.*s/cgroup.procs", (int)(slash - entered), entered);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file >= 0 && write(file, "0", 1) == 1) reel_remove_group(entered);
}

int reel_remove_group(const char *group) {
    // The kernel lets go of the last process a moment after it was waited for.
    for (int patience = 200; rmdir(group) < 0; patience--) {
        if (errno == ENOENT) return 0;
        if (errno != EBUSY || patience == 0) return -1;
        usleep(1000);
    }
    return 0;
}

static char text[MOST_TEXT];

static void handle(ssize_t length, struct msghdr *message) {
    static char *strings[MOST_STRINGS];
    int files[MOST_FILES];
    int count = 0;
    struct request request;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(files, CMSG_DATA(header), sizeof(int) * (size_t)count);
    }
    struct reel_launch launch;
    memcpy(&request, text, sizeof request);
    if (length > (ssize_t)sizeof request && request.arguments == 0 && text[length - 1] == 0) {
        enter(text + sizeof request);
    } else if (understand(&launch, text, (size_t)length, strings, files, count) == 0) {
        reel_supervise(&launch);
    }
    for (int i = 0; i < count; i++) close(files[i]);
}

static void serve(int socket) {
    int is_orderly = 0;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int s = 1; s < NSIG; s++) signal(s, s == SIGCHLD ? SIG_IGN : SIG_DFL);
    setsid();
    // Whatever is mounted where reel was started must not be held.
    (void)!chdir("/");
    prctl(PR_SET_NAME, "reel-steps");
    int own = fcntl(socket, F_DUPFD_CLOEXEC, 3);
    if (own < 0) _exit(1);
    syscall(SYS_close_range, own + 1, ~0U, 0);
    if (own > 0) syscall(SYS_close_range, 0, own - 1, 0);
    for (int i = 0; i < 3; i++) (void)!open("/dev/null", O_RDWR);
    for (;;) {
        char control[CMSG_SPACE(sizeof(int) * MOST_FILES)];
        struct iovec part = {.iov_base = text, .iov_len = sizeof text};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t length = recvmsg(own, &message, MSG_CMSG_CLOEXEC);
        if (length < 0 && errno == EINTR) continue;
        is_orderly = length == 1 && text[0] == farewell;
        if (length <= 0 || is_orderly) break;
        handle(length, &message);
    }
    // With SIGCHLD ignored this returns when the last supervisor has ended.
    while (wait(NULL) >= 0 || errno == EINTR) continue;
    // An owner who says farewell removes the group itself; leaving it here would take as long as entering it did.
    if (is_orderly && send(own, &farewell, 1, MSG_NOSIGNAL) == 1) return;
    if (entered[0]) leave();
}

// What this process knows of its server, under the mutex.
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int server = -1;
static pid_t owner, server_process;
static char given_group[PATH_MAX];

static int start(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    int size = 2 * MOST_TEXT;
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        serve(ends[1]);
        _exit(0);
    }
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (pid > 0) {
        server_process = pid;
        return ends[0];
    }
    close(ends[0]);
    errno = code;
    return -1;
}

// The socket of the server, which is started if there is none.
static int running_server(void) {
    // A fork of this process that goes on for itself needs a server of its own.
    if (server < 0 || owner != getpid()) {
        if (owner != getpid()) given_group[0] = 0;
        server = start();
        owner = getpid();
    }
    return server;
}

int reel_start_step_server(void) {
    pthread_mutex_lock(&guard);
    int result = running_server() < 0 ? -1 : 0;
    pthread_mutex_unlock(&guard);
    return result;
}

// Starts the server again, which somebody has killed, as the kernel does for want of memory. Its supervisors go on
// without it.
static int start_again(void) {
    while (waitpid(server_process, NULL, 0) < 0 && errno == EINTR) continue;
    close(server);
    server = -1;
    if (running_server() < 0) return -1;
    return given_group[0] ? ask_to_enter(server, given_group) : 0;
}

static int is_lost(void) { return errno == EPIPE || errno == ECONNRESET; }

int reel_enter_group(const char *group) {
    pthread_mutex_lock(&guard);
    int result = running_server() < 0 ? -1 : ask_to_enter(server, group);
    if (result < 0 && is_lost()) result = start_again() < 0 ? -1 : ask_to_enter(server, group);
    if (result == 0) memcpy(given_group, group, strlen(group) + 1);
    pthread_mutex_unlock(&guard);
    return result;
}

int reel_request_step(const struct reel_launch *launch) {
    pthread_mutex_lock(&guard);
    int result = running_server() < 0 ? -1 : request(server, launch);
    if (result < 0 && is_lost()) result = start_again() < 0 ? -1 : request(server, launch);
    pthread_mutex_unlock(&guard);
    return result;
}

void reel_end_step_server(void) {
    pthread_mutex_lock(&guard);
    if (server >= 0 && owner == getpid()) {
        // Steps that are still running end with this process alone, which must not wait for them.
        struct timeval patience = {.tv_sec = 1};
        char answer;
        setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        // A server that is dead already gives an error or an end, no answer and no delay.
        (void)!send(server, &farewell, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (recv(server, &answer, 1, 0) >= 0 || (errno != EAGAIN && errno != EINTR)) {
            while (waitpid(server_process, NULL, 0) < 0 && errno == EINTR) continue;
            if (given_group[0]) reel_remove_group(given_group);
        }
        close(server);
        server = -1;
    }
    pthread_mutex_unlock(&guard);
}
