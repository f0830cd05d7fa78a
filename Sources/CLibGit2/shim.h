// SPDX-License-Identifier: Apache-2.0
#include <git2.h>

/// Starts libgit2 for reading our own object databases.
///
/// git checks every hash when it stores a pack, and zlib every object when it is read, so the hashes are not computed
/// again; nothing is read twice, so nothing is kept. (Swift can't call functions with variable arguments.)
static inline int reel_git_start(void) {
    int status = git_libgit2_init();
    if (status < 0) return status;
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
    return status;
}
