// SPDX-License-Identifier: Apache-2.0
#include "CTestNamespace.h"
#include "CLinux.h"
#include <stdlib.h>

static int has_namespaces;

__attribute__((constructor)) static void enter(void) {
    struct reel_namespaces found;
    // Tests of other targets may be in the same program, and want to be who the user is.
    if (getenv("REEL_TEST_NO_NAMESPACES")) return;
    has_namespaces = reel_enter_namespaces(&found) == 0;
}

int reel_test_has_namespaces(void) { return has_namespaces; }
