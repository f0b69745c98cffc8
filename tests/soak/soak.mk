# The soak of brkmap, which is linked in as the unit tests link it: over the real system (soak), and
# over the one that fails when told to (soak_failing).
SOAK := $(B)/tests/soak
BRKMAP_TESTED := $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/%.o,$(wildcard allocators/brkmap/*.c))

SOAKS := $(SOAK)/soak $(SOAK)/soak_failing

$(SOAK)/%.o: tests/soak/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -c -o $@ $<
$(SOAK)/soak: $(ALLOCATOR_T)/src/common/os.o
$(SOAK)/soak_failing: $(ALLOCATOR_T)/os_fake.o
$(SOAKS): $(SOAK)/soak.o $(SOAK)/blocks.o $(ALLOCATOR_COMMON_TESTED) $(BRKMAP_TESTED)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^

SOAK_SECONDS ?= 60
SOAK_OPTIONS ?=
soak: $(SOAK)/soak
	nice $< --seconds $(SOAK_SECONDS) $(SOAK_OPTIONS)
.PHONY: soak
