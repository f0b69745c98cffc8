/* freelist under test, linked once with each policy. */
#include "cases.h"

int main(void)
{
    int failed = run_placement_tests();

    failed += run_heap_tests();
    failed += run_entry_tests();
    failed += run_history_tests();
    failed += run_thread_tests();
    return failed != 0;
}
