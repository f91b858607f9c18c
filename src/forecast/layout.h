// What a fitted model knows of the columns of its forecasts: made once a model, used by every predict().
//
// Thread safety: immutable.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "forecast/features.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

struct FittedModel::Layout {
  explicit Layout(const FeatureParts& parts);

  std::vector<Component> components;                            // Components::list,
  std::vector<std::uint32_t> order;                             // and Components::order.
  std::shared_ptr<const std::vector<std::string>> names;        // Forecast columns with intervals,
  std::shared_ptr<const std::vector<std::string>> plain_names;  // and without.
};

}  // namespace chiliad::forecast
