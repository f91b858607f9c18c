// One record of a transform job: what is sent for it, to which model, and what is kept of the answer.
//
// Thread safety: immutable once opened.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "hosting/json_path.h"
#include "hosting/transform_plan.h"

namespace chiliad::hosting {

class TransformRecords {
 public:
  // Errors: kInvalid: a filter that is not supported; filters or a join where the content is not JSON.
  static Result<TransformRecords> open(const TransformPlan& plan);

  struct Sent {
    std::string body;
    std::string target_model;  // Empty for a single model.
  };
  // `key`: of the object that the record came from. In a job of many models the record's member "target_model", which
  // is not sent, names the model, else the object: "eu/8.json" is for 8.tar.gz.
  // Errors: kInvalid: no JSON where a filter or a join needs it, nothing at the filter's path.
  Result<Sent> sent(std::string_view record, std::string_view key) const;

  // The record's part of the output, without a line's end. Errors: as sent().
  Result<std::string> kept(std::string_view record, std::string answer) const;

  static std::string model_of_key(std::string_view key);

 private:
  Result<std::string> filtered(const aws::Json& joined) const;

  bool many_ = false;
  bool join_ = false;
  JsonPath input_filter_;
  JsonPath output_filter_;
};

}  // namespace chiliad::hosting
