#!/bin/sh
# A fleet from raw rows to forecasts with the AWS CLI. The environment says where AWS is.
#
#   fleet_cli.sh ROWS.csv FOLDER     forecasts of two customers: FOLDER/8.json, FOLDER/999.json
set -eu
rows=$1
folder=$2
bucket=cli-fleet
registry=123456789012.dkr.ecr.us-east-1.amazonaws.com
role=$(aws iam get-role --role-name chiliad --query Role.Arn --output text)
test "$(aws sts get-caller-identity --query Account --output text)" = 123456789012

# The CLI's waiters look once a minute; a shell can look more often.
until_status() {
  wanted=$1
  shift
  for _ in $(seq 300); do
    status=$("$@")
    case $status in
      "$wanted") return 0 ;;
      Failed | Stopped) echo "$*: $status" >&2; return 1 ;;
    esac
    sleep 0.5
  done
  echo "$*: still $status" >&2
  return 1
}

aws s3 mb "s3://$bucket"
aws s3 cp --no-progress "$rows" "s3://$bucket/data/energy.csv"
aws sagemaker create-processing-job --processing-job-name cli-split --role-arn "$role" \
  --app-specification "ImageUri=$registry/chiliad-split" \
  --processing-resources 'ClusterConfig={InstanceCount=1,InstanceType=ml.m5.xlarge,VolumeSizeInGB=30}' \
  --processing-inputs "InputName=raw,S3Input={S3Uri=s3://$bucket/data/energy.csv,LocalPath=/opt/ml/processing/input,S3DataType=S3Prefix,S3InputMode=File}" \
  --processing-output-config "Outputs=[{OutputName=series,S3Output={S3Uri=s3://$bucket/processed,LocalPath=/opt/ml/processing/output,S3UploadMode=EndOfJob}}]"
until_status Completed aws sagemaker describe-processing-job --processing-job-name cli-split \
  --query ProcessingJobStatus --output text
aws sagemaker wait processing-job-completed-or-stopped --processing-job-name cli-split

aws sagemaker create-training-job --training-job-name cli-train --role-arn "$role" \
  --algorithm-specification "TrainingImage=$registry/chiliad-prophet,TrainingInputMode=File" \
  --hyper-parameters holdout=7 \
  --input-data-config "ChannelName=training,DataSource={S3DataSource={S3DataType=S3Prefix,S3Uri=s3://$bucket/processed,S3DataDistributionType=ShardedByS3Key}}" \
  --output-data-config "S3OutputPath=s3://$bucket/out" \
  --checkpoint-config "S3Uri=s3://$bucket/models/" \
  --resource-config InstanceType=ml.c5.xlarge,InstanceCount=10,VolumeSizeInGB=30 \
  --stopping-condition MaxRuntimeInSeconds=600
until_status Completed aws sagemaker describe-training-job --training-job-name cli-train \
  --query TrainingJobStatus --output text
test "$(aws s3 ls "s3://$bucket/models/" | wc -l)" -eq 1000
aws logs describe-log-streams --log-group-name /aws/sagemaker/TrainingJobs --log-stream-name-prefix cli-train/ \
  --query 'length(logStreams)' --output text

aws sagemaker create-model --model-name cli --execution-role-arn "$role" \
  --primary-container "Image=$registry/chiliad-prophet,Mode=MultiModel,ModelDataUrl=s3://$bucket/models/"
aws sagemaker create-endpoint-config --endpoint-config-name cli \
  --production-variants VariantName=AllTraffic,ModelName=cli,InitialInstanceCount=1,InstanceType=ml.c5.xlarge
aws sagemaker create-endpoint --endpoint-name cli --endpoint-config-name cli --tags Key=team,Value=energy
until_status InService aws sagemaker describe-endpoint --endpoint-name cli --query EndpointStatus --output text
aws sagemaker wait endpoint-in-service --endpoint-name cli
arn=$(aws sagemaker describe-endpoint --endpoint-name cli --query EndpointArn --output text)
test "$(aws sagemaker list-tags --resource-arn "$arn" --query 'Tags[0].Value' --output text)" = energy
printf '{"period": 7}' >"$folder/request.json"
for customer in 8 999; do
  aws sagemaker-runtime invoke-endpoint --endpoint-name cli --target-model "$customer.tar.gz" \
    --content-type application/json --body "fileb://$folder/request.json" "$folder/$customer.json"
done
aws sagemaker delete-endpoint-config --endpoint-config-name cli
aws sagemaker delete-endpoint --endpoint-name cli
aws sagemaker wait endpoint-deleted --endpoint-name cli
aws sagemaker delete-model --model-name cli
