"""Processing: one table of all customers to one CSV a customer, without header, as the training script reads them."""
import argparse
import pathlib

import pandas

parser = argparse.ArgumentParser()
parser.add_argument("--input-file", default="/opt/ml/processing/input/energy_consumption.csv")
# Whoever runs the job makes the folder: it is an output of the request.
parser.add_argument("--output-dir", type=pathlib.Path, default="/opt/ml/processing/output/customer_data")
arguments = parser.parse_args()

table = pandas.read_csv(arguments.input_file)
for customer, rows in table.groupby("customer_id"):
    rows.drop(columns="customer_id").to_csv(arguments.output_dir / f"{customer}.csv", index=False, header=False)
print(f"{table.customer_id.nunique()} customers in {len(table)} rows")
