// Any bytes as the body of an invocation, of a batch and of POST /models. Checks that what is accepted keeps the
// limits.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "serve/invocation.h"
#include "serve/load_request.h"
#include "serve/model_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using chiliad::serve::Invocation;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  chiliad::serve::InvocationReader reader;
  Invocation invocation;
  if (reader.read(body, invocation)) {
    CHILIAD_CHECK(invocation.rows() >= 1 && invocation.rows() <= Invocation::kMaxRows);
    CHILIAD_CHECK(invocation.ds.empty() == (invocation.period > 0));
    CHILIAD_CHECK(invocation.step.has_value());
    for (const double quantile : invocation.options.quantiles) CHILIAD_CHECK(quantile > 0 && quantile < 1);
  }
  std::vector<std::string> models;
  if (reader.read_batch(body, invocation, models)) CHILIAD_CHECK(!models.empty());
  if (const auto load = chiliad::serve::read_load_request(body)) {
    CHILIAD_CHECK(static_cast<bool>(chiliad::serve::check_model_name(load->model_name)));
  }
  (void)chiliad::serve::format_accepted(body);
  if (const auto decoded = chiliad::serve::percent_decode(body)) CHILIAD_CHECK(decoded->size() <= body.size());
  return 0;
}
