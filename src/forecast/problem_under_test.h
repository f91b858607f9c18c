// A random problem with its columns, from which its objective can be computed, and where a search of it starts.

#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "forecast/mode_search.h"
#include "forecast/quick_search.h"

namespace chiliad::forecast {

struct Problem {
  std::size_t rows, q, s;
  std::vector<double> a;  // rows x (q + s)
  std::vector<double> y;
  double tau;

  Problem(std::size_t row_count, std::size_t smooth, std::size_t changes, double tau_value, unsigned seed)
      : rows(row_count), q(smooth), s(changes), a(row_count * (smooth + changes)), y(row_count), tau(tau_value) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (std::size_t r = 0; r < rows; ++r) {
      const double t = static_cast<double>(r) / static_cast<double>(rows - 1);
      for (std::size_t j = 0; j < q; ++j) at(r, j) = j == 0 ? 1 : j == 1 ? t : normal(random);
      for (std::size_t j = 0; j < s; ++j) {
        at(r, q + j) = std::max(0.0, t - 0.8 * static_cast<double>(j + 1) / static_cast<double>(s + 1));
      }
      y[r] = 1 + 0.5 * t + (t > 0.4 ? 2 * (t - 0.4) : 0) + 0.1 * normal(random);
    }
  }
  double& at(std::size_t r, std::size_t j) { return a[r * (q + s) + j]; }
  double get(std::size_t r, std::size_t j) const { return a[r * (q + s) + j]; }
  double product(std::size_t i, std::size_t j) const {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += get(r, i) * get(r, j);
    return sum;
  }
  // Of `count` columns from `first` with `others` from `other`, row-major.
  std::vector<double> products(std::size_t first, std::size_t count, std::size_t other, std::size_t others) const {
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < others; ++j) out.push_back(product(first + i, other + j));
    }
    return out;
  }
  PenalizedQuadratic quadratic() const {
    return PenalizedQuadratic(q, s, products(0, q, 0, q), products(q, s, 0, q), products(q, s, q, s));
  }
  QuickSearch quick() const {
    QuickSearch search(q, s);
    search.set(products(0, q, 0, q), products(q, s, 0, q), products(q, s, q, s));
    return search;
  }
  double objective(const std::vector<double>& x, const std::vector<double>& delta, double v) const {
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      double residual = y[r];
      for (std::size_t j = 0; j < q; ++j) residual -= get(r, j) * x[j];
      for (std::size_t j = 0; j < s; ++j) residual -= get(r, q + j) * delta[j];
      sum += residual * residual;
    }
    double value = sum / (2 * v) + 0.5 * static_cast<double>(rows) * std::log(v) + 2 * v;
    for (double one : x) value += 0.5 * one * one;
    for (double one : delta) value += std::fabs(one) / tau;
    return value;
  }
};

// A search from u and d, with what they leave of y.
struct ProblemSearch {
  std::vector<double> u, d, g_s, g_d;
  SearchStart start;

  ProblemSearch(const Problem& problem, std::vector<double> from_u, std::vector<double> from_d)
      : u(std::move(from_u)), d(std::move(from_d)), g_s(problem.q), g_d(problem.s) {
    for (std::size_t r = 0; r < problem.rows; ++r) {
      double left = problem.y[r];
      for (std::size_t j = 0; j < problem.q; ++j) left -= problem.get(r, j) * u[j];
      for (std::size_t j = 0; j < problem.s; ++j) left -= problem.get(r, problem.q + j) * d[j];
      start.rr += left * left;
      for (std::size_t j = 0; j < problem.q; ++j) g_s[j] += problem.get(r, j) * left;
      for (std::size_t j = 0; j < problem.s; ++j) g_d[j] += problem.get(r, problem.q + j) * left;
    }
    start.rows = static_cast<double>(problem.rows);
    start.tau = problem.tau;
    start.d = d;
    start.g_d = g_d;
  }
  explicit ProblemSearch(const Problem& problem)
      : ProblemSearch(problem, std::vector<double>(problem.q), std::vector<double>(problem.s)) {}

  // The results' x is not rotated.
  SearchResult run(const PenalizedQuadratic& quadratic) {
    std::vector<double> turned_u = u, turned_g = g_s;
    quadratic.rotate(turned_u);
    quadratic.rotate(turned_g);
    start.u = turned_u;
    start.g_s = turned_g;
    SearchResult found = search_mode(quadratic, start);
    if (found.ok) quadratic.unrotate(found.x);
    return found;
  }
  std::optional<SearchResult> run(QuickSearch quick) {
    start.u = u;
    start.g_s = g_s;
    return quick.run(start);
  }
};

// Where no step ends: the smooth block curves downwards.
struct IndefiniteSearch {
  std::vector<double> smooth{-5, 0, 0, -5}, cross{0, 0}, changes{1};
  std::vector<double> u{0, 0}, d{0}, g_s{1, 1}, g_d{1};
  SearchStart start;

  IndefiniteSearch() {
    start.u = u;
    start.d = d;
    start.g_s = g_s;
    start.g_d = g_d;
    start.rr = 3;
    start.rows = 10;
    start.tau = 1;
    start.convex = false;
  }
};

}  // namespace chiliad::forecast
