// TransformSource: one object of a transform job as groups of records, read and unpacked piece by piece.
//
//   object --ranges of 1 MiB--> [gunzip] --> groups: whole lines of up to 1 MiB together, one longer line, or the
//   object
//
// Memory: two pieces and what unpacking needs (0.1 MiB), whatever the object's size; a record larger than that
// takes its room from the TransformBudget and holds it as long as its group.
//
// Thread safety: one thread at a time; a Group may be answered on another.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "hosting/transform_budget.h"
#include "hosting/transform_input.h"
#include "hosting/transform_plan.h"
#include "table/bytes.h"

namespace chiliad::hosting {

class TransformSource {
 public:
  class Group {
   public:
    // A view of the group's own bytes; unset after the last one.
    std::optional<std::string_view> next_record();
    // How many there are, and the number of the first in its object, from 0.
    std::size_t count() const { return count_; }
    std::size_t first() const { return first_; }
    // Of a large record: no other group is to be read while it is held.
    bool holds_share() const { return share_.has_value(); }

   private:
    friend class TransformSource;
    std::optional<TransformBudget::Share> share_;
    std::string text_;  // Whole lines, or a whole object.
    bool lines_ = false;
    bool ended_ = false;
    std::size_t at_ = 0;  // In `text_`, behind the last record given.
    std::size_t count_ = 0;
    std::size_t first_ = 0;
  };

  // `plan`, `budget` and `ending` must outlive it.
  TransformSource(const TransformPlan& plan, const TransformObject& object, TransformBudget& budget,
                  const std::atomic<bool>& ending);

  // False: the object's last group. Empty lines are no records, so that a group may have none. Requires: `group` is
  // new. Errors: kTooLarge: a record over MaxPayloadInMB; kCorrupt: damaged gzip; kUnavailable: *ending was set while
  // it waited; as the store's.
  Result<bool> next(Group& group);

 private:
  Result<Done> read_more();
  std::string take(std::size_t end);

  const bool lines_;
  const std::uint64_t max_record_;
  TransformBudget& budget_;
  const std::atomic<bool>& ending_;
  table::PullBytes bytes_;
  std::string rest_;  // Read and not yet in a group.
  std::optional<TransformBudget::Share> share_;
  bool at_end_ = false;
  std::size_t records_ = 0;
};

// The largest record of a plan, in bytes.
std::uint64_t max_record_bytes(const TransformPlan& plan);

}  // namespace chiliad::hosting
