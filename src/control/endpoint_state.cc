#include "control/endpoint_state.h"

#include <algorithm>
#include <string>

#include "control/context.h"
#include "control/job_phases.h"

namespace chiliad::control {
namespace {

using aws::Json;

Json image_of(const Json& resolved, const std::string& model_name, Milliseconds now) {
  const Json* models = aws::member(resolved, "Models");
  const Json* model = models == nullptr ? nullptr : aws::member(*models, model_name);
  if (model == nullptr) return Json::array();
  std::string image = text_at(*model, "PrimaryContainer/Image");
  if (image.empty())
    if (const Json* containers = aws::member(*model, "Containers"); containers != nullptr && !containers->empty())
      image = text_at(containers->front(), "Image");
  return Json::array({{{"SpecifiedImage", image}, {"ResolvedImage", image}, {"ResolutionTime", epoch_seconds(now)}}});
}

// ProductionVariantSummary of each variant.
Json summaries(const Json& resolved, Milliseconds now) {
  Json list = Json::array();
  const Json* variants = at(resolved, "EndpointConfig/ProductionVariants");
  if (variants == nullptr) return list;
  for (const Json& variant : *variants) {
    const Json* weight = aws::member(variant, "InitialVariantWeight");
    const double share = weight != nullptr && weight->is_number() ? weight->get<double>() : 1.0;
    const std::int64_t count = integer_at(variant, "InitialInstanceCount", 1);
    list.push_back({{"VariantName", text_at(variant, "VariantName")},
                    {"DeployedImages", image_of(resolved, text_at(variant, "ModelName"), now)},
                    {"CurrentWeight", share},
                    {"DesiredWeight", share},
                    {"CurrentInstanceCount", count},
                    {"DesiredInstanceCount", count}});
  }
  return list;
}

void set_or_erase(Json& state, const char* name, const Json* value) {
  if (value == nullptr) {
    state.erase(name);
  } else {
    state[name] = *value;
  }
}

Json* variant_named(Json& resolved, const std::string& name) {
  for (Json& variant : resolved["EndpointConfig"]["ProductionVariants"])
    if (text_at(variant, "VariantName") == name) return &variant;
  return nullptr;
}

bool excludes(const Json& request, std::string_view property) {
  const Json* list = aws::member(request, "ExcludeRetainedVariantProperties");
  if (list == nullptr) return false;
  return std::ranges::any_of(*list, [&](const Json& one) { return text_at(one, "VariantPropertyType") == property; });
}

}  // namespace

std::int64_t begin_deployment(Resource& endpoint, std::string_view status, std::string_view config_name,
                              Milliseconds now) {
  const std::int64_t number = deployment_number(endpoint) + 1;
  endpoint.status = status;
  endpoint.modified = now;
  endpoint.state["Deployment"] = number;
  endpoint.state.erase("FailureReason");
  if (status == "Creating") {
    endpoint.state["EndpointConfigName"] = config_name;
  } else {
    endpoint.state["PendingDeploymentSummary"] = {{"EndpointConfigName", config_name},
                                                  {"StartTime", epoch_seconds(now)}};
  }
  return number;
}

std::int64_t deployment_number(const Resource& endpoint) { return integer_at(endpoint.state, "Deployment", 0); }

void put_in_service(Resource& endpoint, const Json& resolved, Milliseconds now) {
  Json& state = endpoint.state;
  endpoint.status = "InService";
  endpoint.modified = now;
  state.erase("FailureReason");
  state.erase("PendingDeploymentSummary");
  state["EndpointConfigName"] = text_at(resolved, "EndpointConfigName");
  state["ProductionVariants"] = summaries(resolved, now);
  state.erase("DataCaptureConfig");
  if (const Json* capture = at(resolved, "EndpointConfig/DataCaptureConfig")) {
    const bool enabled = aws::boolean_member(*capture, "EnableCapture").value_or(false);
    state["DataCaptureConfig"] = {{"EnableCapture", enabled},
                                  {"CaptureStatus", enabled ? "Started" : "Stopped"},
                                  {"CurrentSamplingPercentage", integer_at(*capture, "InitialSamplingPercentage", 0)},
                                  {"DestinationS3Uri", text_at(*capture, "DestinationS3Uri")},
                                  {"KmsKeyId", text_at(*capture, "KmsKeyId")}};
  }
  set_or_erase(state, "AsyncInferenceConfig", at(resolved, "EndpointConfig/AsyncInferenceConfig"));
  set_or_erase(state, "ExplainerConfig", at(resolved, "EndpointConfig/ExplainerConfig"));
}

void fail_deployment(Resource& endpoint, std::string_view reason, bool was_in_service, Milliseconds now) {
  endpoint.status = was_in_service ? "InService" : "Failed";
  endpoint.modified = now;
  endpoint.state["FailureReason"] = cut_reason(reason);
  endpoint.state.erase("PendingDeploymentSummary");
}

void retain_variant_properties(const Json& request, const Json& current, Json& next) {
  if (!aws::boolean_member(request, "RetainAllVariantProperties").value_or(false)) return;
  if (const Json* variants = at(current, "EndpointConfig/ProductionVariants")) {
    for (const Json& old : *variants) {
      Json* kept = variant_named(next, text_at(old, "VariantName"));
      if (kept == nullptr) continue;
      for (const auto& [property, member] : {std::pair{"DesiredWeight", "InitialVariantWeight"},
                                             std::pair{"DesiredInstanceCount", "InitialInstanceCount"}}) {
        const Json* value = aws::member(old, member);
        if (value != nullptr && !excludes(request, property)) (*kept)[member] = *value;
      }
    }
  }
  if (!excludes(request, "DataCaptureConfig"))
    set_or_erase(next["EndpointConfig"], "DataCaptureConfig", at(current, "EndpointConfig/DataCaptureConfig"));
}

}  // namespace chiliad::control
