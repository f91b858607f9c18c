// CHILIAD_SANITIZED: whether a sanitizer that watches every access is compiled in, which makes what computes some
// twenty times slower.

#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHILIAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CHILIAD_SANITIZED 1
#endif
#endif
#if !defined(CHILIAD_SANITIZED)
#define CHILIAD_SANITIZED 0
#endif
