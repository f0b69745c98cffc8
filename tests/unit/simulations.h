/*
 * How many simulations a test runs: 10,000, where three standard errors of a share near 0.95 are
 * 0.0065 and intervals of 95 % must cover 94 to 96 %; with sanitizers, which slow everything down
 * many times, a tenth.
 */
#ifndef HEAPMARK_SIMULATIONS_H
#define HEAPMARK_SIMULATIONS_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIMULATIONS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIMULATIONS_SANITIZED 1
#endif

#ifdef SIMULATIONS_SANITIZED
enum { SIMULATIONS = 1000 };
#define SIMULATIONS_ERROR 0.021
#define SIMULATIONS_BAND  0.03
#else
enum { SIMULATIONS = 10000 };
#define SIMULATIONS_ERROR 0.0065
#define SIMULATIONS_BAND  0.01
#endif

#endif
