//! User agents, as JSON string contents.

pub(super) const CLI: &str = "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.13.4 md/pyimpl#CPython m/b,E,Z cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#<source>.<command>";
pub(super) const BROWSER: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
pub(super) const CONSOLE: &str = "AWS Internal";
pub(super) const PYTHON: &str = "Boto3/1.40.21 md/Botocore#1.40.21 ua/2.1 os/linux#6.1.147-172.266.amzn2023.x86_64 md/arch#x86_64 lang/python#3.12.11 md/pyimpl#CPython m/D,Z cfg/retry-mode#legacy Botocore/1.40.21";
pub(super) const OLD_PYTHON: &str = "Boto3/1.17.89 Python/3.7.10 Linux/4.14.355-280.652.amzn2.x86_64 Botocore/1.20.89";
pub(super) const JAVA: &str = "aws-sdk-java/2.32.29 md/io#sync md/http#Apache ua/2.1 api/<source>#2.32.x os/Linux#6.1.147-172.266.amzn2023.x86_64 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM#21.0.8+9-LTS md/vendor#Amazon.com_Inc. md/en m/D,N";
pub(super) const LAMBDA_NODE: &str = "aws-sdk-js/3.879.0 ua/2.1 os/linux#5.10.240-257.960.amzn2.x86_64 lang/js md/nodejs#22.18.0 api/<source>#3.879.0 exec-env/AWS_Lambda_nodejs22.x m/E";
pub(super) const LAMBDA_PYTHON: &str = "Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#5.10.240-257.960.amzn2.aarch64 md/arch#aarch64 lang/python#3.13.6 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 m/b,Z,D cfg/retry-mode#legacy Botocore/1.40.4";
pub(super) const SPARK: &str = "ElasticMapReduce/1.0.0 emrfs/s3n, aws-sdk-java/1.12.788 Linux/6.1.147-172.266.amzn2023.x86_64 OpenJDK_64-Bit_Server_VM/17.0.16+8-LTS java/17.0.16 vendor/Amazon.com_Inc. cfg/retry-mode/standard";
pub(super) const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.100.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.23.8 md/GOOS#linux md/GOARCH#amd64 api/<source>#1.42.2 m/E,n";
pub(super) const TERRAFORM_2: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.13.1 (+https://www.terraform.io) terraform-provider-aws/6.11.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.38.3 ua/2.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#amd64 api/<source>#1.47.1 m/E,n";
pub(super) const GO: &str = "aws-sdk-go-v2/1.38.1 ua/2.1 os/linux lang/go#1.24.6 md/GOOS#linux md/GOARCH#arm64 api/<source>#1.50.3 exec-env/AWS_ECS_FARGATE m/E,G";
pub(super) const SSM_AGENT: &str = "aws-sdk-go/1.55.5 (go1.23.10; linux; amd64) amazon-ssm-agent/3.3.2746.0";
