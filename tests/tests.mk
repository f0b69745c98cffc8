# Tests. Unit tests are cmocka programs, built in the release, asan and tsan modes; integration
# tests are shell functions that drive the program as a user does.
UNIT_TESTS :=
TEST_LIBS  := -lcmocka
include $(sort $(wildcard tests/*/*.mk))

$(B)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(foreach s,$(STAGES),-Iharness/$(s)) -Iworkloads -c -o $@ $<
# A test of the harness: its file, and everything but main.
UNIT_HARNESS = $(filter-out $(B)/harness/cli/main.o,$(HARNESS_OBJECTS))
$(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_plan*.c tests/unit/test_common*.c tests/unit/test_sample*.c tests/unit/test_launch*.c)): \
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(UNIT_HARNESS)
	$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)
UNIT_TESTS += $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_plan*.c tests/unit/test_common*.c tests/unit/test_sample*.c tests/unit/test_launch*.c))
UNIT_TESTS := $(sort $(UNIT_TESTS))

unit-tests: $(UNIT_TESTS)

# One set of flags a build folder, so one make a mode; each includes this same Makefile.
SANITIZED_MODES := asan tsan
in_mode = $(patsubst $(B)/%,build/$(1)/%,$(UNIT_TESTS))
test: all unit-tests check-headers
	+@for mode in $(SANITIZED_MODES); do $(MAKE) --no-print-directory MODE=$$mode all unit-tests || exit 1; done
	B=$(B) tests/run $(UNIT_TESTS) $(foreach m,$(SANITIZED_MODES),$(call in_mode,$(m))) $(wildcard tests/integration/*.sh)
.PHONY: unit-tests test
