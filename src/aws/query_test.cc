#include "aws/query.h"

#include <gtest/gtest.h>

#include <string>

#include "aws/xml.h"

namespace chiliad::aws {
namespace {

using Texts = std::vector<std::string_view>;

TEST(QueryForm, NamesAndValuesAreDecoded) {
  const Result<QueryForm> form = QueryForm::parse("Action=Get+Role&Name=a%2Fb%3D%26&Empty=&None&&x%20y=1");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->get("Action"), "Get Role");
  EXPECT_EQ(form->get("Name"), "a/b=&");
  ASSERT_NE(form->find("Empty"), nullptr);
  EXPECT_EQ(*form->find("Empty"), "");
  EXPECT_NE(form->find("None"), nullptr);
  EXPECT_EQ(form->get("x y"), "1");
  EXPECT_EQ(form->find("Missing"), nullptr);
}

TEST(QueryForm, ListsComeInTheOrderOfTheirNumbers) {
  const Result<QueryForm> form = QueryForm::parse(
      "A.member.10=j&A.member.2=b&A.member.1=a&A.member.x=no&A.member.0=no&A.member.-1=no&A.member.3.K=s");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->list("A"), (Texts{"a", "b", "j"}));
  EXPECT_EQ(form->list("B"), Texts{});
}

TEST(QueryForm, StructuresOfAListAreFoundByTheirPrefix) {
  const Result<QueryForm> form = QueryForm::parse("T.member.2.Key=b&T.member.2.Value=2&T.member.1.Key=a");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->elements("T"), (std::vector<std::string>{"T.member.1", "T.member.2"}));
  EXPECT_EQ(form->get("T.member.2.Value"), "2");
}

TEST(QueryForm, AParameterTwiceOrWithoutNameIsRefused) {
  EXPECT_EQ(QueryForm::parse("Action=A&Action=B").error().message, "form: parameter 'Action' comes twice");
  EXPECT_FALSE(QueryForm::parse("A=1&%41=2"));
  EXPECT_FALSE(QueryForm::parse("=1"));
  std::string many;
  for (int i = 0; i <= 10'000; ++i) many.append(std::to_string(i)).append("=&");
  EXPECT_EQ(QueryForm::parse(many).error().code, ErrorCode::kTooLarge);
}

TEST(QueryAnswer, HasTheEnvelopeThatClientsRead) {
  EXPECT_EQ(query_answer("GetUser", "https://iam/", "<User/>", "id-1"),
            "<GetUserResponse xmlns=\"https://iam/\"><GetUserResult><User/></GetUserResult>"
            "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetUserResponse>");
  EXPECT_EQ(query_answer("DeleteUser", "x", "", "i"),
            "<DeleteUserResponse xmlns=\"x\"><ResponseMetadata><RequestId>i</RequestId></ResponseMetadata>"
            "</DeleteUserResponse>");
  EXPECT_EQ(query_error("x", {404, "NoSuchEntity", "no <b>"}, "i"),
            "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>"
            "<Message>no &lt;b&gt;</Message></Error><RequestId>i</RequestId></ErrorResponse>");
}

TEST(Xml, WhatAnXmlTextCannotHoldIsReplaced) {
  std::string out;
  append_xml_text(out, std::string_view("a<&>\"\t\n\r\x01\0\xFF\xEF\xBF\xBF\xC3\xA9", 16));
  EXPECT_EQ(out, "a&lt;&amp;&gt;&quot;&#x9;&#xA;&#xD;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9");
}

TEST(Xml, ElementsNest) {
  XmlWriter xml;
  xml.open("A", "u").integer("N", -3).boolean("B", true).open("C").close().close();
  EXPECT_EQ(std::move(xml).take(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"u\"><N>-3</N><B>true</B><C></C></A>");
}

}  // namespace
}  // namespace chiliad::aws
