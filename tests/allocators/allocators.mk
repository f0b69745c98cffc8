# The in-house allocators under test: the very sources, their entry points called our_malloc and
# so on, over an operating system that fails on command (os_fake.c). One program for bump, one for
# each policy of freelist. Adds to UNIT_TESTS.

ALLOCATOR_TEST_FLAGS := -DHEAP_ENTRY_PREFIX=our_ -DHEAPMARK_DEBUG $(NO_BUILTIN)
ALLOCATOR_TEST_INC   := $(INC_allocators) -Iallocators/freelist -Iallocators/brkmap -Itests/allocators
ALLOCATOR_T := $(B)/tests/allocators

$(ALLOCATOR_T)/src/%.o: allocators/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -c -o $@ $<
$(ALLOCATOR_T)/%.o: tests/allocators/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -c -o $@ $<
$(ALLOCATOR_T)/placement_cases_%.o: tests/allocators/placement_cases.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -DPLACEMENT=$* -c -o $@ $<

ALLOCATOR_COMMON_TESTED := $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/%.o,\
                             $(filter-out %/os.c,$(wildcard allocators/common/*.c)))
FREELIST_TESTED := $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/%.o,\
                     $(filter-out $(wildcard allocators/freelist/policy_*.c),$(wildcard allocators/freelist/*.c)))
ALLOCATOR_CASES := $(addprefix $(ALLOCATOR_T)/,aborts.o os_fake.o entry_cases.o history_cases.o thread_cases.o)

$(ALLOCATOR_T)/test_bump: $(ALLOCATOR_COMMON_TESTED) $(ALLOCATOR_T)/src/bump/bump.o $(ALLOCATOR_CASES) \
                $(ALLOCATOR_T)/bump_cases.o $(ALLOCATOR_T)/test_bump.o
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka
$(ALLOCATOR_T)/test_freelist_%: $(ALLOCATOR_COMMON_TESTED) $(FREELIST_TESTED) $(ALLOCATOR_T)/src/freelist/policy_%.o \
                      $(ALLOCATOR_CASES) $(ALLOCATOR_T)/heap_cases.o $(ALLOCATOR_T)/placement_cases_%.o $(ALLOCATOR_T)/test_freelist.o
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka

$(ALLOCATOR_T)/test_brkmap: $(ALLOCATOR_COMMON_TESTED) \
                $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/%.o,$(BRKMAP)) \
                $(ALLOCATOR_CASES) $(ALLOCATOR_T)/brkmap_cases.o $(ALLOCATOR_T)/huge_cases.o $(ALLOCATOR_T)/purge_cases.o $(ALLOCATOR_T)/brkmap_figures_cases.o $(ALLOCATOR_T)/brkmap_misuse_cases.o $(ALLOCATOR_T)/test_brkmap.o
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka

$(ALLOCATOR_T)/test_brkmap_pages: $(ALLOCATOR_COMMON_TESTED) $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/%.o,$(BRKMAP)) \
                $(ALLOCATOR_CASES) $(ALLOCATOR_T)/test_brkmap_pages.o
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka

$(ALLOCATOR_T)/hardened/%.o: tests/allocators/%.c
	@mkdir -p $(@D)
	@echo "  CC    $< (hardened)"
	$(Q)$(COMPILE) -DBRKMAP_HARDENED $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -c -o $@ $<
$(ALLOCATOR_T)/src/hardened/%.o: allocators/%.c
	@mkdir -p $(@D)
	@echo "  CC    $< (hardened)"
	$(Q)$(COMPILE) -DBRKMAP_HARDENED $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -c -o $@ $<
$(ALLOCATOR_T)/test_brkmap_hardened: $(ALLOCATOR_COMMON_TESTED) \
                $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/hardened/%.o,$(BRKMAP_HARDENED)) \
                $(ALLOCATOR_CASES) $(ALLOCATOR_T)/hardened/brkmap_misuse_cases.o $(ALLOCATOR_T)/hardened_cases.o \
                $(ALLOCATOR_T)/test_brkmap_hardened.o
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka

ALLOCATOR_TESTS := $(addprefix $(ALLOCATOR_T)/,test_bump test_brkmap test_brkmap_pages test_brkmap_hardened) $(addprefix $(ALLOCATOR_T)/test_freelist_,$(FREELIST_POLICIES))
UNIT_TESTS += $(ALLOCATOR_TESTS)
.PRECIOUS: $(ALLOCATOR_T)/%.o $(ALLOCATOR_T)/src/%.o $(ALLOCATOR_T)/placement_cases_%.o $(ALLOCATOR_T)/hardened/%.o $(ALLOCATOR_T)/src/hardened/%.o
