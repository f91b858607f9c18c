#include "app/chart.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::app {
namespace {

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> result;
  for (const Tick& tick : axis.ticks) result.push_back(tick.label);
  return result;
}

Axis dates(std::string_view low, std::string_view high, int count = 8) {
  return date_axis(*parse_instant(low), *parse_instant(high), count);
}

using Labels = std::vector<std::string>;

TEST(ChartAxis, NumbersAreRoundAndCoverTheData) {
  EXPECT_EQ(labels(number_axis(3, 97, 5)), (Labels{"0", "20", "40", "60", "80", "100"}));
  EXPECT_EQ(labels(number_axis(-0.12, 0.31, 5)), (Labels{"-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3", "0.4"}));
  const Axis axis = number_axis(-3, 7, 4);
  EXPECT_LE(axis.low, -3);
  EXPECT_GE(axis.high, 7);
}

TEST(ChartAxis, AnIntervalWithoutWidthIsWidened) {
  for (const double value : {0.0, 5.0, -1e9, 1e-12}) {
    const Axis axis = number_axis(value, value, 5);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
    EXPECT_GE(axis.ticks.size(), 2u);
  }
}

TEST(ChartAxis, DatesStandAtBeginningsOfTheirUnit) {
  EXPECT_EQ(labels(dates("2020-03-01", "2023-09-01")),
            (Labels{"Jul 2020", "Jan 2021", "Jul", "Jan 2022", "Jul", "Jan 2023", "Jul"}));
  EXPECT_EQ(labels(dates("2022-01-01", "2022-12-31")), (Labels{"Jan 2022", "Mar", "May", "Jul", "Sep", "Nov"}));
  EXPECT_EQ(labels(dates("2023-03-01", "2023-04-14")),
            (Labels{"6 Mar 2023", "13 Mar", "20 Mar", "27 Mar", "3 Apr", "10 Apr"}));
  EXPECT_EQ(labels(dates("2023-03-01", "2023-03-02")),
            (Labels{"00:00\n1 Mar 2023", "06:00", "12:00", "18:00", "00:00\n2 Mar"}));
  EXPECT_FALSE(dates("1700-01-01", "2200-01-01").ticks.empty());
  EXPECT_FALSE(dates("2023-03-01", "2023-03-01").ticks.empty());
}

TEST(Chart, LeavesOutWhatIsNotFiniteAndEscapesText) {
  Panel panel;
  panel.x = number_axis(0, 3, 3);
  panel.lines.push_back({{0, 1, 2, 3}, {1, NAN, INFINITY, 2}, "#000", 1, false});
  panel.dots.push_back({{0, 1}, {1, NAN}, "#000", 2});
  panel.y = fitting_y_axis(panel);
  const std::string svg = draw_svg("a < b & \"c\"\n", "", {panel});
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_NE(svg.find("a &lt; b &amp; &quot;c&quot; "), std::string::npos);
  EXPECT_EQ(svg.find("<circle"), svg.rfind("<circle"));
}

TEST(Chart, APanelWithoutPointsIsDrawn) {
  Panel panel;
  panel.y = fitting_y_axis(panel);
  EXPECT_NE(draw_svg("empty", "", {panel}).find("</svg>"), std::string::npos);
}

}  // namespace
}  // namespace chiliad::app
