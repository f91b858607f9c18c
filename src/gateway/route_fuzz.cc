// Any bytes as a request: it is routed to one service at most, with the name that its signature must bear, and a head
// that is found to be in order has no path that is signed differently from how it is read.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "gateway/route.h"
#include "net/http_parser.h"
#include "net/uri.h"

namespace {

using chiliad::gateway::Route;
using chiliad::gateway::Services;

class NoJson final : public chiliad::aws::JsonService {
  chiliad::aws::JsonAnswer call(std::string_view, const chiliad::aws::Json&, const chiliad::aws::Call&) override {
    return chiliad::aws::Json();
  }
};
class NoHttp final : public chiliad::aws::HttpService {
  void handle(const chiliad::aws::Call&) override {}
};

void check_path(std::string_view path) {
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const std::string part = chiliad::net::percent_decode(path.substr(0, path.find('/')));
    CHILIAD_CHECK(part != "." && part != "..");
    path.remove_prefix(std::min(path.find('/'), path.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static NoJson json;
  static NoHttp http;
  static const Services services{
      .json = {{"SageMaker", "sagemaker", &json}, {"Logs_20140328", "logs", &json}},
      .query = {{"sts", "2011-06-15", "x", &http}, {"iam", "2010-05-08", "x", &http}},
      .runtime = &http,
      .objects = &http,
  };
  chiliad::net::HttpParser parser({});
  chiliad::net::HttpRequest request;
  parser.begin(request);
  if (!parser.feed({reinterpret_cast<const char*>(data), size}).complete) return 0;
  const Route route = route_of(request, services);
  switch (route.kind) {
    case Route::Kind::kJson:
      CHILIAD_CHECK(route.json != nullptr && route.signing_name == route.json->signing_name);
      CHILIAD_CHECK(route.operation.find('.') == std::string_view::npos);
      break;
    case Route::Kind::kQuery: CHILIAD_CHECK(route.query != nullptr && !route.signing_name.empty()); break;
    case Route::Kind::kForm: (void)query_service(request.body(), services); break;
    case Route::Kind::kRuntime: CHILIAD_CHECK(route.signing_name == "sagemaker"); break;
    case Route::Kind::kObjects: CHILIAD_CHECK(route.signing_name == "s3"); break;
    default: CHILIAD_CHECK(route.json == nullptr && route.query == nullptr && route.signing_name.empty());
  }
  if (wrong_with_head(request, route).empty() && route.kind != Route::Kind::kObjects) check_path(request.path());
  return 0;
}
