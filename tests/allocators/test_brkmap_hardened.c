/* brkmap-hardened under test: all that brkmap must do, and what only it refuses. */
#include "cases.h"

int main(void)
{
    int failed = run_hardened_tests();

    failed += run_brkmap_misuse_tests();
    failed += run_entry_tests();
    failed += run_history_tests();
    failed += run_thread_tests();
    return failed != 0;
}
