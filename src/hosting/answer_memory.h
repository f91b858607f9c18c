// AnswerMemory: what the answers of all foreign servers may take in this process's memory at a time, from their first
// byte until the client has them. An answer alone is limited; a thousand of them are by this.
//
// Thread safety: AnswerMemory from any thread; a Hold belongs to one thread at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chiliad::hosting {

class AnswerMemory {
 public:
  explicit AnswerMemory(std::uint64_t bytes) : bytes_(bytes) {}

  std::uint64_t used() const { return used_.load(); }

  // The room of one answer, given back with the object. Keeps the AnswerMemory alive.
  class Hold {
   public:
    explicit Hold(std::shared_ptr<AnswerMemory> owner) : owner_(std::move(owner)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { owner_->used_.fetch_sub(held_); }

    // Appends to a body that has no memory but what this object holds. `expected_bytes`: of the whole body; 0: unknown.
    // False: there is no room. While it grows a body takes up to half as much again.
    [[nodiscard]] bool append(std::string& body, std::string_view piece, std::uint64_t expected_bytes);

   private:
    const std::shared_ptr<AnswerMemory> owner_;
    std::uint64_t held_ = 0;
  };

 private:
  bool take(std::uint64_t more);

  const std::uint64_t bytes_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace chiliad::hosting
