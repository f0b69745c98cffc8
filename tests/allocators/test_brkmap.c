/* brkmap under test. */
#include "cases.h"

int main(void)
{
    int failed = run_brkmap_tests() + run_huge_tests() + run_purge_tests();

    failed += run_brkmap_figures_tests();
    failed += run_brkmap_misuse_tests();
    failed += run_entry_tests();
    failed += run_history_tests();
    failed += run_thread_tests();
    return failed != 0;
}
