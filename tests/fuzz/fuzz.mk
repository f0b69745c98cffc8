# Fuzzing. `make test` puts the kept corpus and a fixed number of changes of it through each entry
# point, in every mode; `make fuzz` (needs clang) lets libFuzzer search for FUZZ_SECONDS and keeps
# what it finds in build/fuzz.
FUZZ_SECONDS ?= 60
FUZZ_INCLUDES := $(foreach s,common trace,-Iharness/$(s)) -Itests/fuzz
FUZZ_COMMON   := $(addprefix $(B)/tests/fuzz/,fuzz_trace.o trace_mutator.o)
UNIT_TESTS    += $(B)/tests/fuzz/test_fuzz_trace

$(B)/tests/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(FUZZ_INCLUDES) -c -o $@ $<
$(B)/tests/fuzz/test_fuzz_trace: $(B)/tests/fuzz/test_fuzz_trace.o $(FUZZ_COMMON) $(B)/libharness.a
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(HARNESS_LIBS) $(TEST_LIBS)

FUZZ_SOURCES := $(wildcard harness/trace/*.c) harness/common/message.c tests/fuzz/fuzz_trace.c tests/fuzz/trace_mutator.c
build/fuzz/fuzz_trace: $(FUZZ_SOURCES) $(wildcard harness/trace/*.h tests/fuzz/*.h)
	@mkdir -p $(@D)
	$(Q)clang -g -O1 $(BASE_CFLAGS) $(FUZZ_INCLUDES) -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $(FUZZ_SOURCES) -lzstd -lxxhash
fuzz: build/fuzz/fuzz_trace
	@mkdir -p build/fuzz/corpus/trace
	cd build/fuzz && ./fuzz_trace -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 \
	    -rss_limit_mb=1024 -print_final_stats=1 corpus/trace ../../tests/fuzz/corpus/trace
.PHONY: fuzz
