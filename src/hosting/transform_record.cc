#include "hosting/transform_record.h"

namespace chiliad::hosting {
namespace {

constexpr std::string_view kTarget = "target_model";
constexpr std::string_view kOutput = "SageMakerOutput";
constexpr std::string_view kInput = "SageMakerInput";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // Which readers of JSON skip.

// Both as they were written. Requires: `input` is what `record` says, and both are JSON.
std::string joined_text(std::string_view record, const aws::Json& input, std::string_view answer) {
  if (record.starts_with(kByteOrderMark)) record.remove_prefix(kByteOrderMark.size());
  std::string text;
  if (!input.is_object()) {
    return text.append("{\"")
        .append(kInput)
        .append("\":")
        .append(record)
        .append(",\"")
        .append(kOutput)
        .append("\":")
        .append(answer)
        .append("}");
  }
  // Readers take the last of two members of one name.
  text.append(record.substr(0, record.rfind('}')));
  if (!input.empty()) text += ',';
  return text.append("\"").append(kOutput).append("\":").append(answer).append("}");
}

}  // namespace

Result<TransformRecords> TransformRecords::open(const TransformPlan& plan) {
  TransformRecords records;
  records.many_ = plan.model.mode == Mode::kMultiModel;
  records.join_ = plan.join_input;
  Result<JsonPath> input = JsonPath::parse(plan.input_filter);
  if (!input) return std::move(input).error().in("DataProcessing.InputFilter");
  Result<JsonPath> output = JsonPath::parse(plan.output_filter);
  if (!output) return std::move(output).error().in("DataProcessing.OutputFilter");
  records.input_filter_ = std::move(*input);
  records.output_filter_ = std::move(*output);
  const bool processes = !records.input_filter_.whole() || !records.output_filter_.whole() || records.join_;
  const bool json = plan.content_type.find("json") != std::string::npos &&
                    (plan.accept.empty() || plan.accept.find("json") != std::string::npos);
  if (processes && !json) {
    return Error{ErrorCode::kInvalid, "DataProcessing: filters and JoinSource need JSON as content type and as Accept"};
  }
  return records;
}

std::string TransformRecords::model_of_key(std::string_view key) {
  if (const std::size_t slash = key.rfind('/'); slash != std::string_view::npos) key.remove_prefix(slash + 1);
  for (const std::string_view end : {".gz", ".json", ".jsonl", ".csv"}) {
    if (key.size() > end.size() && key.ends_with(end)) key.remove_suffix(end.size());
  }
  return std::string(key) + ".tar.gz";
}

Result<TransformRecords::Sent> TransformRecords::sent(std::string_view record, std::string_view key) const {
  Sent sent;
  if (many_) sent.target_model = model_of_key(key);
  const bool may_name_model = many_ && record.find(kTarget) != std::string_view::npos;
  if (input_filter_.whole() && !may_name_model) {
    sent.body = record;
    return sent;
  }
  Result<aws::Json> json = aws::parse_json(record);
  if (!json && input_filter_.whole()) {
    sent.body = record;  // The model says what is wrong with it.
    return sent;
  }
  if (!json) return std::move(json).error();
  if (many_ && json->is_object()) {
    if (const std::string* named = aws::string_member(*json, kTarget)) {
      sent.target_model = *named;
      json->erase(std::string(kTarget));
    }
  }
  Result<aws::Json> selected = input_filter_.select(*json);
  if (!selected) return std::move(selected).error().in("DataProcessing.InputFilter");
  sent.body = aws::json_text(*selected);
  return sent;
}

Result<std::string> TransformRecords::kept(std::string_view record, std::string answer) const {
  if (!join_ && output_filter_.whole()) return answer;
  Result<aws::Json> output = aws::parse_json(answer);
  if (!output) return std::move(output).error().in("the model's answer");
  if (!join_) return filtered(std::move(*output));
  Result<aws::Json> input = aws::parse_json(record);
  if (!input) return std::move(input).error().in("DataProcessing.JoinSource");
  if (output_filter_.whole()) return joined_text(record, *input, answer);
  if (!input->is_object()) {
    return filtered(aws::Json{{std::string(kInput), std::move(*input)}, {std::string(kOutput), std::move(*output)}});
  }
  (*input)[std::string(kOutput)] = std::move(*output);
  return filtered(*input);
}

Result<std::string> TransformRecords::filtered(const aws::Json& joined) const {
  Result<aws::Json> selected = output_filter_.select(joined);
  if (!selected) return std::move(selected).error().in("DataProcessing.OutputFilter");
  return aws::json_text(*selected);
}

}  // namespace chiliad::hosting
