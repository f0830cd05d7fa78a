// SPDX-License-Identifier: Apache-2.0
// The process that stands between reel and a container.
#define _GNU_SOURCE
#include "CLinux.h"
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

extern char **environ;

const char *reel_entry_name(const struct dirent *entry) { return entry->d_name; }

int reel_has_bounding_capability(int number) { return prctl(PR_CAPBSET_READ, number, 0, 0, 0); }

ssize_t reel_ask_program(const char *path, const char *argument, char *buffer, size_t size) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(ends[1], 1) < 0 || dup2(null, 2) < 0) _exit(127);
        execl(path, path, argument, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t used = 0;
    while (pid > 0 && used < size) {
        ssize_t count = read(ends[0], buffer + used, size - used);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        used += (size_t)count;
    }
    close(ends[0]);
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return status == 0 ? (ssize_t)used : -1;
}

int reel_clone_tree(int fd) {
    return open_tree(fd, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

int reel_attach_mount(int fd, const char *path) {
    return move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

int reel_serve_mount(const char *program, const char *options, const char *path, struct reel_mount_server *out) {
    char *arguments[] = {(char *)program, "-o", (char *)options, (char *)path, NULL};
    int said[2], life[2];
    if (pipe2(said, O_CLOEXEC) < 0) return -1;
    if (pipe2(life, O_CLOEXEC) < 0) {
        close(said[0]);
        close(said[1]);
        return -1;
    }
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct reel_launch launch = {.program = program, .arguments = arguments, .environment = environ,
                                 .pid_file = "/dev/null", .output = said[1], .error = said[1],
                                 .life = life[0], .report = null};
    pid_t pid = null < 0 ? -1 : reel_supervise(&launch);
    int code = errno;
    close(said[1]);
    close(life[0]);
    if (null >= 0) close(null);
    if (pid > 0) {
        *out = (struct reel_mount_server){.process = pid, .said = said[0], .life = life[1]};
        return 0;
    }
    close(said[0]);
    close(life[1]);
    errno = code;
    return -1;
}

struct thread_start {
    void (*body)(void *);
    void *context;
};

static void *run_thread(void *raw) {
    struct thread_start start = *(struct thread_start *)raw;
    free(raw);
    start.body(start.context);
    return NULL;
}

int reel_start_thread(void (*body)(void *), void *context) {
    struct thread_start *start = malloc(sizeof *start);
    if (!start) return ENOMEM;
    *start = (struct thread_start){body, context};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &attributes, run_thread, start);
    pthread_attr_destroy(&attributes);
    if (code) free(start);
    return code;
}

// The state of one supervisor.
struct watch {
    pid_t runtime, container;
    int runtime_done, container_done, killing;
    struct reel_outcome outcome;
    // Children that ended before the runtime said which one is the container.
    struct {
        pid_t pid;
        int status;
        struct rusage usage;
    } early[32];
    int early_count;
};

static pid_t read_pid(const char *path) {
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    return count > 0 ? (pid_t)atol(text) : 0;
}

static void container_ended(struct watch *w, int status, const struct rusage *usage) {
    w->container_done = 1;
    w->outcome.has_container = 1;
    w->outcome.container_status = status;
    w->outcome.user_time = usage->ru_utime.tv_sec * 1000000LL + usage->ru_utime.tv_usec;
    w->outcome.system_time = usage->ru_stime.tv_sec * 1000000LL + usage->ru_stime.tv_usec;
    w->outcome.peak_kib = usage->ru_maxrss;
}

static void runtime_ended(struct watch *w, int status, const char *pid_file) {
    w->runtime_done = 1;
    w->outcome.runtime_status = status;
    if (status != 0) return;
    w->container = read_pid(pid_file);
    for (int i = 0; i < w->early_count; i++)
        if (w->early[i].pid == w->container) container_ended(w, w->early[i].status, &w->early[i].usage);
}

// Takes the status of every child that has ended. Returns 0 when no child is left.
static int reap(struct watch *w, const char *pid_file) {
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
        if (pid == 0) return 1;
        if (pid < 0) return errno != ECHILD;
        if (pid == w->runtime) {
            runtime_ended(w, status, pid_file);
        } else if (w->container && pid == w->container) {
            container_ended(w, status, &usage);
        } else if (!w->runtime_done && w->early_count < (int)(sizeof w->early / sizeof *w->early)) {
            w->early[w->early_count].pid = pid;
            w->early[w->early_count].status = status;
            w->early[w->early_count++].usage = usage;
        }
    }
}

// Kills the children that the kernel lists. Returns -1 where it has no such list.
static int kill_listed_children(void) {
    FILE *list = fopen("/proc/thread-self/children", "re");
    if (!list) return -1;
    int pid;
    while (fscanf(list, "%d", &pid) == 1) kill(pid, SIGKILL);
    fclose(list);
    return 0;
}

// Kills every child of this process, whoever they are: grandchildren whose parents died have become children.
static void kill_children(void) {
    if (kill_listed_children() == 0) return;
    DIR *proc = opendir("/proc");
    if (!proc) return;
    pid_t self = getpid();
    struct dirent *entry;
    while ((entry = readdir(proc))) {
        char path[300], text[512];
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        ssize_t count = read(fd, text, sizeof text - 1);
        close(fd);
        if (count <= 0) continue;
        text[count] = 0;
        // The name in parentheses can hold anything; the state and the parent follow its last one.
        char *end = strrchr(text, ')');
        int parent = 0;
        if (end && sscanf(end + 1, " %*c %d", &parent) == 1 && parent == self) kill(atoi(entry->d_name), SIGKILL);
    }
    closedir(proc);
}

static void start_runtime(struct watch *w, const struct reel_launch *launch) {
    sigset_t none;
    sigemptyset(&none);
    // The child only makes calls and starts the program: it needs no memory of its own.
    w->runtime = vfork();
    if (w->runtime != 0) return;
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < launch->group_count; i++)
        if (write(launch->groups[i], "0", 1) != 1) _exit(126);
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(launch->output, 1) < 0 || dup2(launch->error, 2) < 0) _exit(126);
    if (input > 2) close(input);
    execve(launch->program, launch->arguments, launch->environment);
    _exit(127);
}

// Moves the descriptors that are needed above all others, and closes the others.
static void keep_descriptors(struct reel_launch *launch, int *groups) {
    int *wanted[4] = {&launch->output, &launch->error, &launch->life, &launch->report};
    int low = 1 << 30, high = 0;
    for (int i = 0; i < 4 + launch->group_count; i++) {
        int *from = i < 4 ? wanted[i] : &groups[i - 4];
        int moved = fcntl(*from, F_DUPFD_CLOEXEC, 900);
        if (moved < 0) moved = fcntl(*from, F_DUPFD_CLOEXEC, 64);
        if (moved < 0) _exit(125);
        *from = moved;
        if (moved < low) low = moved;
        if (moved > high) high = moved;
    }
    for (int fd = low; fd <= high; fd++) {
        int used = 0;
        for (int i = 0; i < 4 + launch->group_count; i++) used |= fd == (i < 4 ? *wanted[i] : groups[i - 4]);
        if (!used) close(fd);
    }
    syscall(SYS_close_range, high + 1, ~0U, 0);
    syscall(SYS_close_range, 0, low - 1, 0);
    // 0, 1 and 2 must exist, so that nothing else gets these numbers.
    for (int i = 0; i < 3; i++) (void)!open("/dev/null", O_RDWR);
}

static void supervise(struct reel_launch *launch, int *groups) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
    setsid();
    (void)!chdir("/");
    umask(022);
    prctl(PR_SET_NAME, "reel-step");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    keep_descriptors(launch, groups);
    launch->groups = groups;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    struct watch w = {0};
    int patience = 0;
    start_runtime(&w, launch);
    close(launch->output);
    close(launch->error);
    for (int i = 0; i < launch->group_count; i++) close(groups[i]);
    struct pollfd polled[2] = {{.fd = signals, .events = POLLIN}, {.fd = launch->life, .events = POLLIN}};
    for (;;) {
        int alive = reap(&w, launch->pid_file);
        if (!alive) break;
        int over = w.container_done || (w.runtime_done && w.outcome.runtime_status != 0);
        // What is left then is a helper of the runtime about to end; it gets a moment before it is made to.
        if (over && !w.killing) w.killing = 1, patience = 40;
        if (w.killing && --patience < 0) kill_children();
        poll(polled, w.killing & 2 ? 1 : 2, w.killing ? 5 : -1);
        struct signalfd_siginfo ignored;
        while (read(signals, &ignored, sizeof ignored) > 0) continue;
        if (!(w.killing & 2) && polled[1].revents) {
            w.outcome.was_killed = !w.container_done;
            w.killing |= 2;
            patience = 0;
        }
    }
    for (int i = 0; w.outcome.was_killed && i < launch->group_count; i++) reel_remove_group(launch->group_paths[i]);
    (void)!write(launch->report, &w.outcome, sizeof w.outcome);
}

pid_t reel_supervise(const struct reel_launch *launch) {
    if (launch->group_count > 16) {
        errno = EINVAL;
        return -1;
    }
    // Signals are held until the child has its own dispositions, so that no handler of the caller runs in it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        struct reel_launch own = *launch;
        int groups[16];
        for (int i = 0; i < own.group_count; i++) groups[i] = launch->groups[i];
        supervise(&own, groups);
        _exit(0);
    }
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return pid;
}
