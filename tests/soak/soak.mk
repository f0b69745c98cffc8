# The soak of brkmap, which is linked in as the unit tests link it: over the real system (soak, and
# soak_hardened), and over the one that fails when told to (soak_failing).
SOAK := $(B)/tests/soak
BRKMAP_TESTED := $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/%.o,$(BRKMAP))

SOAKS := $(SOAK)/soak $(SOAK)/soak_failing $(SOAK)/soak_hardened

$(SOAK)/%.o: tests/soak/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(ALLOCATOR_TEST_FLAGS) $(ALLOCATOR_TEST_INC) -c -o $@ $<
$(SOAK)/soak: $(ALLOCATOR_T)/src/common/os.o
$(SOAK)/soak_failing: $(ALLOCATOR_T)/os_fake.o
$(SOAK)/soak $(SOAK)/soak_failing: $(BRKMAP_TESTED)
$(SOAK)/soak_hardened: $(ALLOCATOR_T)/src/common/os.o $(patsubst allocators/%.c,$(ALLOCATOR_T)/src/hardened/%.o,$(BRKMAP_HARDENED))
$(SOAKS): $(SOAK)/soak.o $(SOAK)/blocks.o $(ALLOCATOR_COMMON_TESTED)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^

SOAK_SECONDS ?= 60
SOAK_OPTIONS ?=
soak: $(SOAK)/soak
	nice $< --seconds $(SOAK_SECONDS) $(SOAK_OPTIONS)
.PHONY: soak
