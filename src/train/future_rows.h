// FutureRows: the rows that forecasts are asked for, with what models need of them beside the dates (regressors,
// conditions): one table with a header, the same rows for all customers or each customer's own.
//
//     customer_id,ds,temp,promo          ds,temp
//     8,2023-01-01,3.5,False             2023-01-01,3.5
//     9,2023-01-01,4.5,True              2023-01-02,4.5
//
// A text that is no number, True or False is an error only for a model that needs its column: other columns may hold
// anything. doc/training.md has it in the user's words.
//
// Thread safety: immutable after parse().

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"

namespace chiliad::train {

class FutureRows {
 public:
  // `text` is the whole table, plain or gzip; `name` begins the messages. The first line has the columns' names: "ds"
  // or "timestamp", and "customer_id" where the rows are each customer's own. Errors: kInvalid: with the line and
  // column; no rows, no such columns; kCorrupt: damaged gzip.
  static Result<FutureRows> parse(std::string_view text, std::string_view name, char delimiter = ',');

  // Whether every customer has rows of its own.
  bool by_customer() const { return by_customer_; }

  struct Rows {
    std::vector<Instant> ds;                     // In the order of the table.
    std::vector<forecast::OwnedColumn> columns;  // Those needed that the table has.
  };
  // Errors: kInvalid: no rows of this customer; a text in a needed column that is neither a number nor True or False.
  Result<Rows> of(std::string_view customer_id, const std::vector<std::string>& needed) const;

 private:
  struct Column {
    std::string name;
    std::string complaint;  // About the first text that is no value; empty: none.
  };
  struct Group {
    std::vector<Instant> ds;
    std::vector<std::vector<double>> values;  // By column; NaN where missing or no value.
  };

  std::string name_;
  bool by_customer_ = false;
  std::vector<Column> columns_;
  std::map<std::string, Group, std::less<>> groups_;  // By customer; one of the empty name when the rows are for all.
};

}  // namespace chiliad::train
