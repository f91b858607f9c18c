// ShardedByRecord: the records of an input's objects dealt over the instances, for data that comes as few large
// objects. An extension of ours: SageMaker deals whole objects (ShardedByS3Key).
//
//     object, lines 0 1 2 3 4 5 ...   over 2 instances   ->   algo-1: 0 2 4 ...   algo-2: 1 3 5 ...
//
// A record is a line; a quoted field with a line break in it is not understood. Counting goes on from one object to the
// next, in the order of their keys. An instance finds its lines in a file of the object's name; where it has none of an
// object, there is no such file.
//
// With a header (ContentType "text/csv; header=present") the first line of each object goes to every file of it. With a
// column (AttributeNames [name or position from 1]) all lines with the same value there go to one instance, chosen by a
// hash of the value that is the same on every machine: so the rows of one customer stay together.
//
// Promises: each record goes to just one instance, its bytes unchanged (a last line without its end gets one); memory
// is a line and a buffer an instance; lines over 16 MiB are refused.
//
// Thread safety: pure functions of the files they are given.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "job/input_plan.h"

namespace chiliad::job {

struct RecordRule {
  bool header = false;
  std::optional<std::string> column;  // By name (needs a header) or position from 1.
};

// Errors: kInvalid: a content type that is not CSV or lines of text, more than one column, a column by name without a
// header.
Result<RecordRule> record_rule(const Input& input);

// Deals all objects of the input to <to>/<instance from 1>/<name>. Errors: kInvalid: a header without the column, a
// line with fewer columns, or one that is too long: each with object and line; kNoSpace; those of the store.
Result<Done> deal_records(const PlannedInput& input, const RecordRule& rule, int instances,
                          const std::filesystem::path& to, std::uint64_t free_bytes, const std::atomic<bool>& cancel,
                          Deadline deadline);

// The field of a CSV line, without quotes; nullopt when there are fewer. Columns count from 0.
std::optional<std::string> csv_field(std::string_view line, std::size_t column);

}  // namespace chiliad::job
