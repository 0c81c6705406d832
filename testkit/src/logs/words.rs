//! Names of things in the made-up accounts: a placeholder's name, and its possible values.

pub(super) const WORDS: &[(&str, &[&str])] = &[
    (
        "bucket",
        &[
            "example-app-assets",
            "example-app-logs",
            "example-backups",
            "example-data-lake-raw",
            "example-data-lake-curated",
            "example-reports",
            "example-terraform-state",
            "example-trail-logs",
        ],
    ),
    (
        "object",
        &[
            "assets/css/site.5f1c2d.css",
            "assets/img/logo.svg",
            "daily/summary.parquet",
            "env/production/terraform.tfstate",
            "exports/customers/part-00000.snappy.parquet",
            "exports/customers/part-00001.snappy.parquet",
            "incoming/orders.csv.gz",
            "reports/quarter-3/überblick.pdf",
            "uploads/photo 1 (final).jpg",
        ],
    ),
    (
        "function",
        &["billing-export", "image-resize", "order-events", "orders-api", "session-cleanup", "webhook-receiver"],
    ),
    ("table", &["carts", "customers", "locks", "orders", "sessions", "terraform-locks"]),
    (
        "log-group",
        &[
            "/aws/lambda/image-resize",
            "/aws/lambda/order-events",
            "/aws/lambda/orders-api",
            "/aws/rds/cluster/orders/postgresql",
            "/ecs/web",
            "/ecs/worker",
            "/vpc/flow-logs",
        ],
    ),
    (
        "secret",
        &[
            "production/orders/database-AbCdEf",
            "production/payments/api-GhIjKl",
            "production/web/session-MnOpQr",
            "staging/orders/database-StUvWx",
        ],
    ),
    (
        "parameter",
        &[
            "/production/orders/database-host",
            "/production/orders/feature-flags",
            "/production/web/log-level",
            "/staging/web/log-level",
        ],
    ),
    (
        "public-parameter",
        &[
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended",
        ],
    ),
    ("role", &["app-web", "app-worker", "Auditor", "billing-export", "data-pipeline", "Deployer"]),
    ("user", &["backup", "carol", "ci-deploy", "dave", "terraform"]),
    (
        "policy",
        &[
            "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws:iam::aws:policy/SecurityAudit",
        ],
    ),
    ("queue", &["email", "image-jobs", "order-events", "order-events-dead"]),
    ("database", &["orders-1", "orders-2", "reporting", "staging-orders"]),
    ("cluster", &["production", "staging"]),
    ("service-name", &["orders-api", "web", "worker"]),
    ("repository", &["orders-api", "web", "worker"]),
    ("rule", &["every-5-minutes", "nightly-export", "orders-to-queue"]),
    ("alarm", &["orders-api 5xx", "orders-1 CPU", "queue age > 10 min", "web latency p99"]),
    ("stack", &["network", "orders-api", "web", "web-staging"]),
    ("scaling-group", &["web-production", "worker-production"]),
    ("zone", &["a", "b", "c"]),
    ("instance-type", &["c7g.large", "m6i.large", "m7g.xlarge", "t3.medium", "t3.micro"]),
    ("state", &["pending", "running", "stopped", "stopping"]),
    ("environment", &["development", "production", "staging"]),
    ("person", &["erin@example.com", "frank@example.com", "grace@example.com"]),
    ("metric", &["CPUUtilization", "FreeStorageSpace", "HTTPCode_Target_5XX_Count", "Latency"]),
    ("resource-type", &["AWS::EC2::Instance", "AWS::EC2::SecurityGroup", "AWS::S3::Bucket"]),
];
