#include "app/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace chiliad::app {
namespace {

constexpr double kLeft = 76, kRight = 24, kPanelGap = 64, kTop = 74, kBottom = 52;
constexpr const char* kInk = "#1f2933";
constexpr const char* kSoftInk = "#616e7c";
constexpr const char* kGrid = "#e4e7eb";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        // Control characters are not allowed in XML at all.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

// Draws one panel into its rectangle.
class PanelDrawing {
 public:
  PanelDrawing(std::string& out, const Panel& panel, double left, double top, double width)
      : out_(out), panel_(panel), left_(left), top_(top), width_(width) {}

  void draw(int number) {
    fmt::format_to(sink(),
                   "<clipPath id=\"p{}\"><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>"
                   "</clipPath>\n",
                   number, left_, top_ - 3, width_, panel_.height + 6);
    draw_axes();
    fmt::format_to(sink(), "<g clip-path=\"url(#p{})\">\n", number);
    for (const Band& band : panel_.bands) draw_band(band);
    for (const Mark& mark : panel_.marks) draw_mark(mark);
    for (const Dots& dots : panel_.dots) draw_dots(dots);
    for (const Line& line : panel_.lines) draw_line(line);
    out_ += "</g>\n";
    draw_legend();
  }

 private:
  std::back_insert_iterator<std::string> sink() { return std::back_inserter(out_); }
  double px(double x) const { return left_ + (x - panel_.x.low) / (panel_.x.high - panel_.x.low) * width_; }
  double py(double y) const {
    return top_ + panel_.height - (y - panel_.y.low) / (panel_.y.high - panel_.y.low) * panel_.height;
  }

  void text(double x, double y, const char* anchor, const char* colour, int size, std::string_view what) {
    fmt::format_to(sink(),
                   "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\" font-size=\"{}\">{}</text>\n", x, y,
                   anchor, colour, size, escaped(what));
  }

  void draw_axes() {
    const double bottom = top_ + panel_.height;
    for (const Tick& tick : panel_.y.ticks) {
      fmt::format_to(sink(), "<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"{}\"/>\n", left_, py(tick.at), left_ + width_,
                     kGrid);
      text(left_ - 8, py(tick.at) + 4, "end", kSoftInk, 12, tick.label);
    }
    fmt::format_to(sink(), "<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#9aa5b1\"/>\n", left_, bottom, left_ + width_);
    for (const Tick& tick : panel_.x.ticks) {
      fmt::format_to(sink(), "<path d=\"M{:.1f} {:.1f}v5\" stroke=\"#9aa5b1\"/>\n", px(tick.at), bottom);
      const std::size_t line_end = tick.label.find('\n');
      text(px(tick.at), bottom + 19, "middle", kSoftInk, 12, tick.label.substr(0, line_end));
      if (line_end != std::string::npos)
        text(px(tick.at), bottom + 34, "middle", kSoftInk, 12, tick.label.substr(line_end + 1));
    }
    if (!panel_.title.empty()) text(left_, top_ - 14, "start", kInk, 14, panel_.title);
    if (!panel_.y_label.empty()) {
      fmt::format_to(sink(),
                     "<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\" text-anchor=\"middle\" "
                     "fill=\"{}\" font-size=\"12\">{}</text>\n",
                     left_ - 58, top_ + panel_.height / 2, kSoftInk, escaped(panel_.y_label));
    }
  }

  void draw_band(const Band& band) {
    std::string path;
    for (std::size_t i = 0; i < band.x.size(); ++i) append_point(path, band.x[i], band.upper[i]);
    for (std::size_t i = band.x.size(); i-- > 0;) append_point(path, band.x[i], band.lower[i]);
    if (path.empty()) return;
    fmt::format_to(sink(), "<path d=\"{}Z\" fill=\"{}\" fill-opacity=\"0.22\"/>\n", path, band.colour);
  }

  void draw_line(const Line& line) {
    std::string path;
    for (std::size_t i = 0; i < line.x.size(); ++i) append_point(path, line.x[i], line.y[i]);
    if (path.empty()) return;
    fmt::format_to(sink(),
                   "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{}/>\n",
                   path, line.colour, line.width, line.dashed ? " stroke-dasharray=\"5 4\"" : "");
  }

  void draw_mark(const Mark& mark) {
    fmt::format_to(sink(), "<path d=\"M{:.1f} {:.1f}v{:.1f}\" stroke=\"{}\"{}/>\n", px(mark.x), top_, panel_.height,
                   mark.colour, mark.dashed ? " stroke-dasharray=\"3 4\"" : "");
  }

  void draw_dots(const Dots& dots) {
    fmt::format_to(sink(), "<g fill=\"{}\" fill-opacity=\"0.75\">\n", dots.colour);
    for (std::size_t i = 0; i < dots.x.size(); ++i) {
      if (!std::isfinite(dots.x[i]) || !std::isfinite(dots.y[i])) continue;
      fmt::format_to(sink(), "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>\n", px(dots.x[i]), py(dots.y[i]),
                     dots.radius);
    }
    out_ += "</g>\n";
  }

  void draw_legend() {
    double x = left_ + width_;
    for (auto entry = panel_.legend.rbegin(); entry != panel_.legend.rend(); ++entry) {
      x -= 7.0 * static_cast<double>(entry->text.size());
      text(x, top_ - 14, "start", kSoftInk, 12, entry->text);
      draw_legend_shape(*entry, x - 8, top_ - 18);
      x -= 44;
    }
  }

  void draw_legend_shape(const LegendEntry& entry, double right, double y) {
    switch (entry.shape) {
      case LegendEntry::Shape::kLine:
      case LegendEntry::Shape::kDashed:
        fmt::format_to(sink(), "<path d=\"M{:.1f} {:.1f}h-18\" stroke=\"{}\" stroke-width=\"2\"{}/>\n", right, y,
                       entry.colour, entry.shape == LegendEntry::Shape::kDashed ? " stroke-dasharray=\"3 3\"" : "");
        break;
      case LegendEntry::Shape::kBand:
        fmt::format_to(sink(),
                       "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"18\" height=\"10\" fill=\"{}\" "
                       "fill-opacity=\"0.22\"/>\n",
                       right - 18, y - 5, entry.colour);
        break;
      case LegendEntry::Shape::kDot:
        fmt::format_to(sink(), "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", right - 9, y,
                       entry.colour);
        break;
    }
  }

  void append_point(std::string& path, double x, double y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', px(x), py(y));
  }

  std::string& out_;
  const Panel& panel_;
  const double left_, top_, width_;
};

}  // namespace

std::string draw_svg(const std::string& title, const std::string& subtitle, const std::vector<Panel>& panels,
                     double width) {
  double height = kTop + kBottom - kPanelGap;
  for (const Panel& panel : panels) height += panel.height + kPanelGap + (panel.title.empty() ? 0 : 12);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      width, height);
  fmt::format_to(std::back_inserter(out),
                 "<text x=\"{}\" y=\"30\" fill=\"{}\" font-size=\"18\" font-weight=\"600\">{}</text>\n", kLeft, kInk,
                 escaped(title));
  if (!subtitle.empty()) {
    fmt::format_to(std::back_inserter(out), "<text x=\"{}\" y=\"50\" fill=\"{}\" font-size=\"12\">{}</text>\n", kLeft,
                   kSoftInk, escaped(subtitle));
  }
  double top = kTop;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    if (!panels[i].title.empty()) top += 12;
    PanelDrawing(out, panels[i], kLeft, top, width - kLeft - kRight).draw(static_cast<int>(i));
    top += panels[i].height + kPanelGap;
  }
  out += "</svg>\n";
  return out;
}

Axis fitting_y_axis(const Panel& panel, int count) {
  double low = INFINITY, high = -INFINITY;
  const auto widen = [&](const std::vector<double>& values) {
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  };
  for (const Band& band : panel.bands) widen(band.lower), widen(band.upper);
  for (const Dots& dots : panel.dots) widen(dots.y);
  for (const Line& line : panel.lines) widen(line.y);
  if (low > high) return number_axis(0, 1, count);
  return number_axis(low, high, count);
}

}  // namespace chiliad::app
