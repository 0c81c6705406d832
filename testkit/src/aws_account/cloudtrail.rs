//! CloudTrail: trails. Like AWS, it refuses to create or update a trail if a policy is missing.

use serde_json::{Map, Value, json};

use super::{Answer, Call, Fault, Refusal, State, arn, refuse};

const NO_TRAIL: &str = "TrailNotFoundException";

impl State {
    pub(super) fn cloudtrail(&mut self, call: &Call) -> Answer {
        match call.operation.as_str() {
            "CreateTrail" => self.create_trail(call),
            "DescribeTrails" => Ok(self.describe_trails(call)),
            "ListTrails" => {
                let trails = self.resources["trails"].as_object().unwrap().values().map(|trail| {
                    let settings = &trail["settings"];
                    json!({"Name": settings["Name"], "TrailARN": settings["TrailARN"], "HomeRegion": settings["HomeRegion"]})
                });
                let mut page = json!({"Trails": trails.collect::<Vec<_>>()});
                if self.faults.iter().any(|fault| matches!(fault, Fault::EndlessList)) {
                    page["NextToken"] = "more".into();
                }
                Ok(page.to_string())
            }
            "ListTags" => {
                let id = call.parameters["ResourceIdList"][0].clone();
                let name = id.as_str().and_then(|id| id.rsplit('/').next()).unwrap_or_default().to_owned();
                let trail = self.existing("trails", &name, 400, NO_TRAIL)?;
                Ok(json!({"ResourceTagList": [{"ResourceId": id, "TagsList": trail["tags"]}]}).to_string())
            }
            _ => self.of_trail(call),
        }
    }

    /// Operations on one trail, given by its name or its ARN.
    fn of_trail(&mut self, call: &Call) -> Answer {
        let given = [call.text("Name"), call.text("TrailName")].concat();
        let name = given.rsplit('/').next().unwrap_or_default().to_owned();
        let trail = self.existing("trails", &name, 400, NO_TRAIL)?;
        let is_change = !call.operation.starts_with("Get");
        if is_change && trail["settings"]["HomeRegion"] != call.region.as_str() {
            return Err(refuse(400, "InvalidHomeRegionException", "it is managed in another region"));
        }
        match call.operation.as_str() {
            "GetTrailStatus" => Ok(trail["status"].to_string()),
            "GetEventSelectors" => Ok(trail["selectors"].to_string()),
            "GetInsightSelectors" if trail["insights"].is_null() => {
                Err(refuse(400, "InsightNotEnabledException", "not enabled"))
            }
            "GetInsightSelectors" => Ok(json!({"InsightSelectors": trail["insights"]}).to_string()),
            "PutInsightSelectors" => {
                trail["insights"] = call.parameters["InsightSelectors"].clone();
                Ok("{}".to_owned())
            }
            "PutEventSelectors" => {
                trail["selectors"] = json!({"AdvancedEventSelectors": call.parameters["AdvancedEventSelectors"]});
                Ok("{}".to_owned())
            }
            "StartLogging" => {
                trail["status"]["IsLogging"] = true.into();
                Ok(String::new())
            }
            "UpdateTrail" => {
                let mut settings = trail["settings"].as_object().unwrap().clone();
                settings.extend(settings_of(call));
                self.check_policies(&settings)?;
                self.resources["trails"][&name]["settings"] = settings.into();
                Ok("{}".to_owned())
            }
            "DeleteTrail" => {
                self.resources["trails"].as_object_mut().unwrap().remove(&name);
                Ok("{}".to_owned())
            }
            operation => Err(refuse(400, "InvalidAction", operation)),
        }
    }

    fn create_trail(&mut self, call: &Call) -> Answer {
        let name = call.text("Name");
        if self.resources["trails"].get(&name).is_some() {
            return Err(refuse(400, "TrailAlreadyExistsException", "it exists already"));
        }
        let owner = match &self.organization {
            Some((_, account)) if call.parameters.contains_key("IsOrganizationTrail") => account.clone(),
            _ => super::ACCOUNT.to_owned(),
        };
        let mut settings = Map::from_iter([
            ("Name".to_owned(), name.clone().into()),
            (
                "TrailARN".to_owned(),
                arn("cloudtrail", &call.region, &format!("trail/{name}")).replace(super::ACCOUNT, &owner).into(),
            ),
            ("HomeRegion".to_owned(), call.region.clone().into()),
            ("IsOrganizationTrail".to_owned(), false.into()),
        ]);
        settings.extend(settings_of(call));
        self.check_policies(&settings)?;
        let selector = json!({"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
                              "ExcludeManagementEventSources": []});
        self.resources["trails"][name] = json!({
            "settings": settings,
            "tags": call.parameters.get("TagsList").cloned().unwrap_or_else(|| json!([])),
            "status": {"IsLogging": false},
            "selectors": {"EventSelectors": [selector]},
            "insights": null,
        });
        Ok("{}".to_owned())
    }

    /// The trails that record the region: those with the requested names or ARNs, or all if none is
    /// named.
    fn describe_trails(&self, call: &Call) -> String {
        let named = call.parameters.get("trailNameList").and_then(Value::as_array).cloned().unwrap_or_default();
        let settings = self.resources["trails"].as_object().unwrap().values().map(|trail| &trail["settings"]);
        let shown = settings.filter(|trail| {
            let is_here = trail["HomeRegion"] == call.region.as_str() || trail["IsMultiRegionTrail"] == true;
            is_here && (named.is_empty() || named.contains(&trail["Name"]) || named.contains(&trail["TrailARN"]))
        });
        json!({"trailList": shown.collect::<Vec<_>>()}).to_string()
    }

    /// Refuses a trail that the policies of its bucket and topic do not name.
    fn check_policies(&self, settings: &Map<String, Value>) -> Result<(), Refusal> {
        let trail = settings["TrailARN"].as_str().unwrap();
        let names = |policy: &Value| policy.as_str().is_some_and(|policy| policy.contains(trail));
        let bucket = settings["S3BucketName"].as_str().unwrap();
        if !names(&self.resources["buckets"][bucket]["policy"]) {
            return Err(refuse(400, "InsufficientS3BucketPolicyException", "incorrect policy"));
        }
        let topic = settings["SnsTopicARN"].as_str().unwrap().rsplit(':').next().unwrap();
        if !names(&self.resources["topics"][topic]["attributes"]["Policy"]) {
            return Err(refuse(400, "InsufficientSnsTopicPolicyException", "incorrect policy"));
        }
        Ok(())
    }
}

/// The parameters of a create or update request, under the names that DescribeTrails uses.
fn settings_of(call: &Call) -> Map<String, Value> {
    let mut settings = Map::new();
    for (name, value) in &call.parameters {
        match name.as_str() {
            "Name" | "TagsList" => {}
            "EnableLogFileValidation" => drop(settings.insert("LogFileValidationEnabled".to_owned(), value.clone())),
            "SnsTopicName" => {
                let arn = arn("sns", &call.region, value.as_str().unwrap());
                settings.insert("SnsTopicARN".to_owned(), arn.into());
            }
            name => drop(settings.insert(name.to_owned(), value.clone())),
        }
    }
    settings
}
