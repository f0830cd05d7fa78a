// SPDX-License-Identifier: Apache-2.0
// Namespaces, mounts and the process that watches a container: what must happen in C, since it is done before threads
// exist or between fork and exec.
#ifndef REEL_CONTAINERS_H
#define REEL_CONTAINERS_H

#include <stdint.h>
#include <sys/types.h>

/// Who a process is outside of its namespaces.
enum { REEL_IDENTITY_ROOT = 0, REEL_IDENTITY_MAPPED = 1, REEL_IDENTITY_SINGLE = 2 };

/// Why a process has one id only.
enum {
    REEL_SINGLE_NO_SUBUID = 1,
    REEL_SINGLE_NO_SUBGID,
    REEL_SINGLE_NO_PROGRAM,
    REEL_SINGLE_REFUSED,
    REEL_SINGLE_OUTER
};

/// What reel_enter_namespaces() did; texts are empty where there is nothing to say.
struct reel_namespaces {
    /// One of REEL_IDENTITY_*.
    int identity;
    /// What was done about a hybrid hierarchy of control groups.
    char cgroups[128];
    /// One of REEL_SINGLE_* if only one id is mapped, else 0.
    int single;
    /// Why there are no namespaces.
    char error[256];
};

/// Gives the process, which must have one thread only, a mount namespace of its own, and an ordinary user a user
/// namespace around it. Returns 0, or -1 with `error` filled. A second call returns what the first one found.
int reel_enter_namespaces(struct reel_namespaces *out);

/// What reel_supervise() shall run and watch.
struct reel_launch {
    /// The runtime and its arguments; it must make a container, write its process id into `pid_file` and exit.
    const char *program;
    char *const *arguments;
    char *const *environment;
    const char *pid_file;
    /// Where the container's standard output and standard error go.
    int output, error;
    /// The reading end of a pipe: once it has a byte or no writer, everything is killed.
    int life;
    /// Where one `struct reel_outcome` is written when all is over.
    int report;
    /// Files `cgroup.procs` of the control groups that the runtime shall start in.
    const int *groups;
    int group_count;
    /// The directories of these groups, which are removed if `life` ended: nobody else may be left to do it.
    const char *const *group_paths;
};

/// How it ended. The statuses are those of wait(2).
struct reel_outcome {
    /// Of the runtime.
    int32_t runtime_status;
    /// Whether the runtime made a container, and whether it was killed because `life` ended.
    int32_t has_container, was_killed;
    /// Of the container's first process.
    int32_t container_status;
    /// Microseconds and kibibytes that the container's processes used.
    int64_t user_time, system_time, peak_kib;
};

/// Starts a process that runs and watches a container, and ends with all of its processes. It belongs to no terminal,
/// and keeps none of the caller's descriptors. Returns its id, or -1 and sets errno.
///
/// The container's first process becomes its child (it is a subreaper), so that exit codes and signals are told apart
/// by wait(2) itself.
pid_t reel_supervise(const struct reel_launch *launch);

/// Starts the step server of this process, a small process that starts supervisors when it is asked to. Returns 0, or -1
/// and sets errno.
///
/// reel_enter_namespaces() does it while the process is small and has one thread, since a fork costs the more the larger
/// a process is; else the first step does. It ends, when the last of its supervisors did, once this process is gone.
int reel_start_step_server(void);

/// Ends the step server and waits for it, so that neither it nor its group is seen once this process has ended. Waits a
/// second at most if steps are still running, which end with this process.
void reel_end_step_server(void);

/// Has the step server enter a control group, once for all steps, since entering one takes some 10 ms. reel_end_step_server()
/// removes the group; where it was not called the server does. Returns 0, or -1 and sets errno. If it can't enter, it ends.
int reel_enter_group(const char *group);

/// Removes a control group whose processes are gone or about to be; one that is not there is fine. Returns 0, or -1 and
/// sets errno.
int reel_remove_group(const char *group);

/// Has the step server do what reel_supervise() does; one that was killed is started again. Returns 0, or -1 and sets
/// errno; a failure later on shows as the end of `report` without an outcome.
int reel_request_step(const struct reel_launch *launch);

/// A program that serves a file system, and the process that ends it.
struct reel_mount_server {
    /// To be waited for once the file system is unmounted or `life` is closed.
    pid_t process;
    /// What the program says until it serves, or has failed; then it ends.
    int said;
    /// The end of a pipe whose closing, by this process or by its death, ends the program.
    int life;
};

/// Runs `program -o options path`, which mounts a file system at `path`, goes on in the background and ends when it is
/// unmounted. Returns 0, or -1 and sets errno.
int reel_serve_mount(const char *program, const char *options, const char *path, struct reel_mount_server *out);

/// Starts a thread of its own that calls `body(context)` once. Returns 0 or an errno value.
int reel_start_thread(void (*body)(void *), void *context);

/// The name of a directory entry.
const char *reel_entry_name(const struct dirent *entry);

/// Lets the processes of a control group (of the second generation, an open directory) use the devices that every
/// container has, and no others; making device nodes stays allowed. Returns 0, or -1 and sets errno.
int reel_confine_devices(int group);

/// Whether capability number `number` is in the bounding set: 1, 0, or -1 for one that the kernel doesn't know.
int reel_has_bounding_capability(int number);

/// Runs a program with one argument and gives the beginning of what it prints. Returns the number of bytes, or -1.
ssize_t reel_ask_program(const char *path, const char *argument, char *buffer, size_t size);

/// A copy, attached nowhere, of the mount that the open file or directory `fd` lies in, from there on and with all
/// that is mounted below. Returns a descriptor, or -1 and sets errno.
int reel_clone_tree(int fd);

/// Attaches the mount `fd` (of fsmount or open_tree) at `path`.
int reel_attach_mount(int fd, const char *path);

#endif
