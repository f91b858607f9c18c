// MetricPatterns: MetricDefinitions of a job, applied to the lines that it prints.
//
//   {"Name": "loss", "Regex": "loss=([0-9.]+)"}   and the line "epoch 3 loss=0.25"   give   loss = 0.25
//
// The first group of an expression is the number; a line may hold several matches of one definition, each counts.
//
// Rule the rest relies on: expressions come from users and may be hostile: matching takes time linear in the line and
// bounded memory, whatever the expression (RE2). Only the first 16 KiB of a line are searched.
//
// Source: SageMaker API, MetricDefinition; RE2's syntax (no back references, no look-around; AWS takes Python's).
// Thread safety: immutable after make(): safe from any thread.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::watch {

struct MetricDefinition {
  std::string name;
  std::string regex;
};

class MetricPatterns {
 public:
  struct Match {
    std::string_view name;  // Lives as long as the patterns.
    double value;
  };

  // Errors: kInvalid: an expression that cannot be compiled, that has no group, or a name twice; kTooLarge: more than
  // 40 definitions, a name over 255 or an expression over 500 bytes, one that would need over 1 MiB.
  static Result<MetricPatterns> make(std::span<const MetricDefinition> definitions);

  MetricPatterns(MetricPatterns&&) noexcept;
  MetricPatterns& operator=(MetricPatterns&&) noexcept;
  ~MetricPatterns();

  // Appends what the line says, at most 1,000 values of each definition. A group that holds no number is no match.
  void find(std::string_view line, std::vector<Match>& out) const;
  bool empty() const;

 private:
  struct State;
  explicit MetricPatterns(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace chiliad::watch
