// A chart as SVG: panels below each other, each with axes, lines, bands, dots and vertical marks.
//
// Self-contained text (no script, no font file, no address), readable in a browser and convertible with rsvg-convert.
// Points that are not finite are left out.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <vector>

#include "app/chart_axis.h"

namespace chiliad::app {

struct Line {
  std::vector<double> x, y;
  std::string colour;
  double width = 1.8;
  bool dashed = false;
};

struct Band {  // Between lower and upper.
  std::vector<double> x, lower, upper;
  std::string colour;
};

struct Dots {
  std::vector<double> x, y;
  std::string colour;
  double radius = 1.6;
};

struct Mark {  // A vertical line over the panel's height.
  double x = 0;
  std::string colour;
  bool dashed = true;
};

struct LegendEntry {
  enum class Shape : std::uint8_t { kLine, kBand, kDot, kDashed };
  Shape shape = Shape::kLine;
  std::string colour;
  std::string text;
};

struct Panel {
  std::string title;
  std::string y_label;
  double height = 220;  // Of the plotting area, in pixels.
  Axis x, y;
  std::vector<Band> bands;  // Drawn in this order: bands, marks, dots, lines.
  std::vector<Mark> marks;
  std::vector<Dots> dots;
  std::vector<Line> lines;
  std::vector<LegendEntry> legend;
};

// Text of the SVG. `width` in pixels.
std::string draw_svg(const std::string& title, const std::string& subtitle, const std::vector<Panel>& panels,
                     double width = 960);

// The y axis for all that is in the panel, with a little air.
Axis fitting_y_axis(const Panel& panel, int count = 5);

}  // namespace chiliad::app
