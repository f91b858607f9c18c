#include "serve/invocation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chiliad::serve {
namespace {

Result<Invocation> read(std::string_view body) {
  InvocationReader reader;
  Invocation invocation;
  Result<Done> done = reader.read(body, invocation);
  if (!done) return std::move(done).error();
  return invocation;
}

std::string refusal(std::string_view body) {
  const Result<Invocation> read_body = read(body);
  return read_body ? "accepted" : read_body.error().message;
}

TEST(InvocationReader, ReadsAPeriodAndTheDefaults) {
  const Result<Invocation> invocation = read(R"({"period": 7})");
  ASSERT_TRUE(invocation) << invocation.error().message;
  EXPECT_EQ(invocation->period, 7);
  EXPECT_EQ(invocation->freq, "D");
  EXPECT_TRUE(invocation->step);
  EXPECT_FALSE(invocation->doubly_encoded);
  EXPECT_EQ(invocation->options.uncertainty, forecast::Uncertainty::kExact);
}

TEST(InvocationReader, ReadsADoublyEncodedBody) {
  const Result<Invocation> invocation = read(R"("{\"period\": 7}")");
  ASSERT_TRUE(invocation) << invocation.error().message;
  EXPECT_EQ(invocation->period, 7);
  EXPECT_TRUE(invocation->doubly_encoded);
  EXPECT_NE(refusal(R"("\"{\\\"period\\\": 7}\"")"), "accepted");  // Twice is enough.
}

TEST(InvocationReader, ReadsEveryField) {
  const Result<Invocation> invocation =
      read(R"({"period":3,"freq":"h","quantiles":[0.05,0.95],"columns":["ds","yhat"],"uncertainty":"simulated",)"
           R"("interval_width":0.5,"uncertainty_samples":200,"seed":18446744073709551615})");
  ASSERT_TRUE(invocation) << invocation.error().message;
  EXPECT_EQ(invocation->freq, "h");
  EXPECT_EQ(invocation->options.quantiles, (std::vector<double>{0.05, 0.95}));
  EXPECT_EQ(invocation->columns, (std::vector<std::string>{"ds", "yhat"}));
  EXPECT_EQ(invocation->options.uncertainty, forecast::Uncertainty::kSimulated);
  EXPECT_EQ(invocation->options.interval_width, 0.5);
  EXPECT_EQ(invocation->options.uncertainty_samples, 200);
  EXPECT_EQ(invocation->options.seed, UINT64_MAX);
}

TEST(InvocationReader, ConformalIsTrueOrFalse) {
  InvocationReader reader;
  Invocation invocation;
  ASSERT_TRUE(reader.read(R"({"period": 1, "conformal": true})", invocation));
  EXPECT_TRUE(invocation.options.conformal);
  ASSERT_TRUE(reader.read(R"({"period": 1})", invocation));
  EXPECT_FALSE(invocation.options.conformal);
  const Result<Done> wrong = reader.read(R"({"period": 1, "conformal": "yes"})", invocation);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("'conformal'"), std::string::npos);
}

TEST(InvocationReader, ReadsDatesAsTextOrMilliseconds) {
  const Result<Invocation> invocation = read(R"({"ds":["2023-01-01T12:00",1672617600000]})");
  ASSERT_TRUE(invocation) << invocation.error().message;
  ASSERT_EQ(invocation->ds.size(), 2u);
  EXPECT_EQ(format_instant(invocation->ds[0]), "2023-01-01T12:00:00");
  EXPECT_EQ(format_instant(invocation->ds[1]), "2023-01-02");
}

TEST(InvocationReader, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(refusal(R"({"period":0})"), "'period': expected a whole number from 1 to 100000");
  EXPECT_EQ(refusal(R"({"period":100001})"), "'period': expected a whole number from 1 to 100000");
  EXPECT_EQ(refusal(R"({"period":7.5})"), "'period': expected a whole number from 1 to 100000");
  EXPECT_EQ(refusal(R"({"period":"7"})"), "'period': expected a whole number from 1 to 100000");
  EXPECT_EQ(refusal(R"({"period":1e99})"), "'period': expected a whole number from 1 to 100000");
  EXPECT_EQ(refusal(R"({"period":7,"period":7})"), "'period': is given twice");
  EXPECT_TRUE(refusal(R"({"periods":7})").starts_with("'periods': is not a field of a request"))
      << refusal(R"({"periods":7})");
  EXPECT_TRUE(refusal(R"({"period":7,"freq":"fortnight"})").starts_with("'freq': "));
  EXPECT_TRUE(refusal(R"({"ds":[]})").starts_with("'ds': "));
  EXPECT_TRUE(refusal(R"({"ds":["soon"]})").starts_with("'ds': 'soon'"));
  EXPECT_TRUE(refusal(R"({"ds":["2023-01-01T00:00Z"]})").find("time zone") != std::string::npos);
  EXPECT_TRUE(refusal(R"({"period":7,"quantiles":[1]})").starts_with("'quantiles': "));
  EXPECT_TRUE(refusal(R"({"period":7,"columns":"yhat"})").starts_with("'columns': "));
  EXPECT_EQ(refusal(R"({"period":7,"columns":["ds","yhat","ds"]})"), "'columns': names 'ds' twice");
  EXPECT_TRUE(refusal(R"({"period":7,"interval_width":1})").starts_with("'interval_width': "));
  EXPECT_TRUE(refusal(R"({"period":7,"uncertainty":"mcmc"})").starts_with("'uncertainty': "));
  EXPECT_TRUE(refusal(R"({"period":7,"seed":-1})").starts_with("'seed': "));
  EXPECT_TRUE(refusal(R"({"period":7,"models":["a"]})").starts_with("'models': "));
}

TEST(InvocationReader, ReadsWhatTheModelNeedsOfTheFuture) {
  const Result<Invocation> invocation = read(R"({"future":{"temp":[3.5,-4,null],"promo":true,"price":2},"period":3})");
  ASSERT_TRUE(invocation) << invocation.error().message;
  ASSERT_EQ(invocation->future.size(), 3u);
  EXPECT_EQ(invocation->future[0].name, "temp");
  EXPECT_EQ(invocation->future[0].values[1], -4);
  EXPECT_TRUE(std::isnan(invocation->future[0].values[2]));
  EXPECT_EQ(invocation->future[1].values, (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(invocation->future[2].values, (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(read(R"({"ds":["2023-01-01"],"future":{"on":[false]}})")->future[0].values, std::vector<double>{0});
}

TEST(InvocationReader, NamesTheColumnOfTheFutureThatIsWrong) {
  EXPECT_EQ(refusal(R"({"period":3,"future":{"temp":[1,2]}})"), "'future.temp': has 2 values for 3 rows");
  EXPECT_EQ(refusal(R"({"period":3,"future":{"temp":[1,2,"3"]}})"),
            "'future.temp': expected numbers, true or false: a list with one a row, or one for all rows");
  EXPECT_EQ(refusal(R"({"period":3,"future":{"temp":{}}})"),
            "'future.temp': expected numbers, true or false: a list with one a row, or one for all rows");
  EXPECT_EQ(refusal(R"({"period":3,"future":{"temp":1,"temp":1}})"), "'future.temp': is given twice");
  EXPECT_EQ(refusal(R"({"period":3,"future":[]})"), "'future': expected an object of up to 256 columns by name");
  std::string many = R"({"period":100000,"future":{"a":0)";
  for (int i = 0; i < 50; ++i) many += ",\"c" + std::to_string(i) + "\":0";
  EXPECT_EQ(refusal(many + "}}"), "'future': more than 4,000,000 values");
}

TEST(InvocationReader, RefusesWhatIsNotARequest) {
  for (const char* body : {"", " ", "{", "[]", "7", "null", "\"\"", "\"period\"", "{\"period\": 7}x",
                           "{\"period\": 7,}", "{'period': 7}", "{\"period\": NaN}", "\xff\xfe{}"}) {
    EXPECT_NE(refusal(body), "accepted") << body;
  }
  EXPECT_EQ(refusal("{}"), "expected 'period' (such as {\"period\": 7}) or 'ds'");
  EXPECT_EQ(refusal(R"({"period":1,"ds":["2023-01-01"]})"), "'period' and 'ds' exclude each other");
  EXPECT_NE(refusal(std::string(100'000, '[')), "accepted");
}

TEST(InvocationReader, LimitsTheDrawsOfASimulation) {
  EXPECT_EQ(refusal(R"({"period":100,"uncertainty":"simulated","uncertainty_samples":100000})"), "accepted");
  EXPECT_TRUE(refusal(R"({"period":1000,"uncertainty":"simulated","uncertainty_samples":100000})")
                  .starts_with("'uncertainty': "));
}

TEST(InvocationReader, FuturesAreWantedInsteadOfBounds) {
  EXPECT_EQ(read(R"({"period":7,"samples":100,"seed":3})")->samples, 100);
  EXPECT_EQ(refusal(R"({"period":7,"samples":0})"), "'samples': expected a whole number from 1 to 100000");
  EXPECT_EQ(refusal(R"({"period":7,"samples":9,"quantiles":[0.5]})"),
            "'quantiles': is about bounds, of which 'samples' gives none");
  EXPECT_EQ(refusal(R"({"period":7,"samples":9,"conformal":true})"),
            "'conformal': is about bounds, of which 'samples' gives none");
  EXPECT_EQ(refusal(R"({"period":100,"samples":10001})"),
            "'samples': an answer may hold 1,000,000 values (rows times samples), this one asks for 1000100");
  InvocationReader reader;
  Invocation invocation;
  ASSERT_TRUE(reader.read(R"({"period":1,"samples":5})", invocation));
  ASSERT_TRUE(reader.read(R"({"period":1})", invocation));
  EXPECT_EQ(invocation.samples, 0);
}

TEST(InvocationReader, ForgetsTheRequestBefore) {
  InvocationReader reader;
  Invocation invocation;
  ASSERT_TRUE(reader.read(R"("{\"period\":3,\"freq\":\"h\",\"columns\":[\"yhat\"],\"seed\":3}")", invocation));
  ASSERT_TRUE(reader.read(R"({"ds":["2023-01-01"]})", invocation));
  EXPECT_EQ(invocation.period, 0);
  EXPECT_EQ(invocation.freq, "D");
  EXPECT_TRUE(invocation.columns.empty());
  ASSERT_TRUE(reader.read(R"({"period":1,"future":{"temp":1}})", invocation));
  ASSERT_TRUE(reader.read(R"({"ds":["2023-01-01"]})", invocation));
  EXPECT_TRUE(invocation.future.empty());
  EXPECT_EQ(invocation.options.seed, 0u);
  EXPECT_FALSE(invocation.doubly_encoded);
  ASSERT_TRUE(reader.read(R"({"period":2})", invocation));
  EXPECT_TRUE(invocation.ds.empty());
}

TEST(InvocationReader, ReadsABatch) {
  InvocationReader reader;
  Invocation invocation;
  std::vector<std::string> models;
  ASSERT_TRUE(reader.read_batch(R"({"models":["a","b"],"period":2})", invocation, models));
  EXPECT_EQ(models, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(reader.read_batch(R"({"period":2})", invocation, models));
  EXPECT_FALSE(reader.read_batch(R"({"models":[],"period":2})", invocation, models));
  EXPECT_FALSE(reader.read_batch(R"({"models":[1],"period":2})", invocation, models));
}

TEST(FormatAccepted, TakesTheFirstThatItKnows) {
  EXPECT_EQ(*format_accepted(""), Invocation::Format::kJson);
  EXPECT_EQ(*format_accepted("*/*"), Invocation::Format::kJson);
  EXPECT_EQ(*format_accepted("text/csv; charset=utf-8, application/json"), Invocation::Format::kCsv);
  EXPECT_EQ(*format_accepted("image/png, application/json;q=0.5"), Invocation::Format::kJson);
  EXPECT_FALSE(format_accepted("image/png"));
}

}  // namespace
}  // namespace chiliad::serve
