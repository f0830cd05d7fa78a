// SPDX-License-Identifier: Apache-2.0
// Entering namespaces before the first thread starts.
#define _GNU_SOURCE
#include "CLinux.h"
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>

static int entered;
static struct reel_namespaces found;

__attribute__((format(printf, 3, 4))) static void say(char *into, size_t size, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(into, size, format, list);
    va_end(list);
}

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t count = write(fd, text, strlen(text));
    int code = errno;
    close(fd);
    errno = code;
    return count == (ssize_t)strlen(text) ? 0 : -1;
}

// The first range that /etc/subuid or /etc/subgid gives to a user, who is named or numbered there.
static int first_range(const char *path, uid_t uid, const char *name, unsigned long *start, unsigned long *count) {
    FILE *file = fopen(path, "re");
    if (!file) return -1;
    char line[512], wanted[64];
    int result = -1;
    snprintf(wanted, sizeof wanted, "%lu", (unsigned long)uid);
    while (result < 0 && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (!colon) continue;
        *colon = 0;
        if (strcmp(line, wanted) != 0 && (!name || strcmp(line, name) != 0)) continue;
        if (sscanf(colon + 1, "%lu:%lu", start, count) == 2 && *count > 0) result = 0;
    }
    fclose(file);
    return result;
}

static int run_mapper(const char *program, pid_t target, unsigned long own, unsigned long start, unsigned long count) {
    char text[5][24];
    snprintf(text[0], sizeof text[0], "%d", (int)target);
    snprintf(text[1], sizeof text[1], "%lu", own);
    snprintf(text[2], sizeof text[2], "%lu", start);
    snprintf(text[3], sizeof text[3], "%lu", count);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null >= 0) for (int i = 0; i < 3; i++) dup2(null, i);
        execlp(program, program, text[0], "0", text[1], "1", "1", text[2], text[3], (char *)NULL);
        _exit(errno == ENOENT ? 127 : 126);
    }
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

// What the helper, which stays outside, tells by its exit code: 0 or a REEL_SINGLE_*.
static int map_many(pid_t target, uid_t uid, gid_t gid) {
    struct passwd *user = getpwuid(uid);
    const char *name = user ? user->pw_name : NULL;
    unsigned long start, count;
    if (first_range("/etc/subuid", uid, name, &start, &count) < 0) return REEL_SINGLE_NO_SUBUID;
    unsigned long gstart, gcount;
    if (first_range("/etc/subgid", uid, name, &gstart, &gcount) < 0) return REEL_SINGLE_NO_SUBGID;
    int code = run_mapper("newuidmap", target, uid, start, count);
    if (code == 0) code = run_mapper("newgidmap", target, gid, gstart, gcount);
    return code == 0 ? 0 : code == 127 ? REEL_SINGLE_NO_PROGRAM : REEL_SINGLE_REFUSED;
}

static int map_one(uid_t uid, gid_t gid) {
    char text[64];
    snprintf(text, sizeof text, "0 %lu 1\n", (unsigned long)uid);
    if (write_file("/proc/self/uid_map", text) < 0) return -1;
    if (write_file("/proc/self/setgroups", "deny") < 0 && errno != ENOENT) return -1;
    snprintf(text, sizeof text, "0 %lu 1\n", (unsigned long)gid);
    return write_file("/proc/self/gid_map", text);
}

static int enter_user_namespace(void) {
    uid_t uid = geteuid();
    gid_t gid = getegid();
    pid_t self = getpid();
    int go[2];
    if (pipe2(go, O_CLOEXEC) < 0) return -1;
    pid_t helper = fork();
    if (helper == 0) {
        char byte;
        close(go[1]);
        // Nothing comes when the namespace could not be made.
        _exit(read(go[0], &byte, 1) == 1 ? map_many(self, uid, gid) : REEL_SINGLE_REFUSED);
    }
    close(go[0]);
    int failed = helper < 0 ? errno : unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? errno : 0;
    if (!failed && write(go[1], "g", 1) != 1) failed = EPIPE;
    close(go[1]);
    int status = 0;
    while (helper > 0 && waitpid(helper, &status, 0) < 0 && errno == EINTR) continue;
    if (failed) {
        say(found.error, sizeof found.error, "no user namespace: %s", strerror(failed));
        return -1;
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : REEL_SINGLE_REFUSED;
    if (code == 0) {
        found.identity = REEL_IDENTITY_MAPPED;
        setgroups(0, NULL);
        return 0;
    }
    found.identity = REEL_IDENTITY_SINGLE;
    found.single = code;
    if (map_one(uid, gid) == 0) return 0;
    say(found.error, sizeof found.error, "the ids can't be mapped: %s", strerror(errno));
    return -1;
}

// Covers all control groups with a tmpfs that has their folders and can't be written: crun needs none, and runc goes on
// without them where it is refused, though not where a folder is missing.
static int cover_cgroups(void) {
    static const char top[] = "/sys/fs/cgroup";
    char names[32][64], path[128];
    int count = 0;
    DIR *folder = opendir(top);
    struct dirent *entry;
    while (folder && count < 32 && (entry = readdir(folder)))
        if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof names[0]) strcpy(names[count++], entry->d_name);
    if (folder) closedir(folder);
    int flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("tmpfs", top, "tmpfs", (unsigned long)flags, "mode=755,size=64k") < 0) return -1;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", top, names[i]);
        (void)!mkdir(path, 0755);
    }
    return mount(NULL, top, NULL, (unsigned long)(MS_REMOUNT | MS_RDONLY | flags), NULL);
}

// crun 1.8 refuses a machine where both generations of control groups are mounted.
static void hide_hybrid_cgroups(void) {
    struct statfs root, unified;
    if (statfs("/sys/fs/cgroup", &root) < 0 || root.f_type == CGROUP2_SUPER_MAGIC) return;
    if (statfs("/sys/fs/cgroup/unified", &unified) < 0 || unified.f_type != CGROUP2_SUPER_MAGIC) return;
    if (umount2("/sys/fs/cgroup/unified", MNT_DETACH) == 0) {
        say(found.cgroups, sizeof found.cgroups, "/sys/fs/cgroup/unified is hidden");
    } else if (cover_cgroups() == 0) {
        say(found.cgroups, sizeof found.cgroups, "/sys/fs/cgroup is hidden");
    } else {
        say(found.cgroups, sizeof found.cgroups, "hybrid control groups can't be hidden: %s", strerror(errno));
    }
}

// Who root is that finds itself in somebody's user namespace, such as in a container of an ordinary user.
static int identity_of_root(void) {
    FILE *file = fopen("/proc/self/uid_map", "re");
    if (!file) return REEL_IDENTITY_ROOT;
    unsigned long inside, outside, count, all = 0;
    while (fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3) all += count;
    fclose(file);
    // Only the first namespace has all of the ids, from 0 to one below the one that means nobody.
    if (all == 0 || all == 4294967295UL) return REEL_IDENTITY_ROOT;
    if (all > 1) return REEL_IDENTITY_MAPPED;
    found.single = REEL_SINGLE_OUTER;
    return REEL_IDENTITY_SINGLE;
}

int reel_enter_namespaces(struct reel_namespaces *out) {
    if (!entered) {
        entered = 1;
        found.identity = geteuid() == 0 ? identity_of_root() : REEL_IDENTITY_ROOT;
        int code = geteuid() == 0 ? unshare(CLONE_NEWNS) : -1;
        if (code < 0) code = enter_user_namespace();
        if (code == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
            say(found.error, sizeof found.error, "mounts can't be made private: %s", strerror(errno));
            code = -1;
        }
        if (code == 0) {
            hide_hybrid_cgroups();
            // Now, while a fork costs least; a failure shows when a step is to run.
            (void)reel_start_step_server();
        }
    }
    *out = found;
    return found.error[0] ? -1 : 0;
}
