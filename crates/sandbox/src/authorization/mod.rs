//! Authorization of `ServiceAccounts` by the rules of RBAC. The administrator, who holds the token of the sandbox's own
//! context, may do everything.

mod load;
mod review;
mod rule;

pub use load::PolicyError;
pub(crate) use review::{access_review, rules_review, user_review};
use rule::Rule;

/// A user of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User<'a> {
    /// May do everything.
    Administrator,
    /// May do what the rules grant.
    ServiceAccount(&'a ServiceAccount),
}

/// A `ServiceAccount` with a token of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The token that it is known by.
    pub token: String,
}

/// The `ServiceAccounts` and what they may do. The default has none.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    accounts: Vec<ServiceAccount>,
    grants: Vec<Grant>,
}

/// The rules of a role, as one binding grants them.
#[derive(Clone, Debug)]
struct Grant {
    /// The namespace in which the rules hold; `None` for the whole cluster.
    namespace: Option<String>,
    /// The names of users and groups that they are granted to.
    subjects: Vec<Subject>,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    User(String),
    Group(String),
}

/// A request for objects, in the terms of RBAC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural name.
    pub resource: String,
    /// The subresource; may be empty.
    pub subresource: String,
    /// The object's name; may be empty.
    pub name: String,
    /// The namespace; empty for the whole cluster.
    pub namespace: String,
}

impl ServiceAccount {
    /// The user name, such as `system:serviceaccount:default:chaos-tui`.
    pub fn user_name(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    fn groups(&self) -> [String; 3] {
        let own = format!("system:serviceaccounts:{}", self.namespace);
        ["system:serviceaccounts".to_owned(), own, "system:authenticated".to_owned()]
    }
}

impl User<'_> {
    /// The name and the groups.
    fn identity(&self) -> (String, Vec<String>) {
        match self {
            User::Administrator => (
                "sandbox-admin".to_owned(),
                ["system:masters", "system:authenticated"].map(str::to_owned).into(),
            ),
            User::ServiceAccount(account) => (account.user_name(), account.groups().into()),
        }
    }
}

impl Policy {
    /// The `ServiceAccounts` that have a token.
    pub fn accounts(&self) -> &[ServiceAccount] {
        &self.accounts
    }

    /// Whether a user may do something.
    pub fn allows(&self, user: User<'_>, asked: &Attributes) -> bool {
        let User::ServiceAccount(account) = user else { return true };
        self.rules_for(account, &asked.namespace).any(|rule| rule.allows(asked))
    }

    /// The rules that hold for an account in a namespace; in the whole cluster if it is empty.
    fn rules_for<'a>(
        &'a self,
        account: &ServiceAccount,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Rule> {
        let (user, groups) = (account.user_name(), account.groups());
        let granted = move |grant: &&Grant| {
            let here = grant.namespace.as_deref().is_none_or(|granted| granted == namespace);
            here && grant.subjects.iter().any(|subject| match subject {
                Subject::User(name) => *name == user,
                Subject::Group(name) => groups.contains(name),
            })
        };
        self.grants.iter().filter(granted).flat_map(|grant| &grant.rules)
    }
}

impl Attributes {
    /// The resource with its subresource: `pods/log`.
    fn resource_path(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            part => format!("{}/{part}", self.resource),
        }
    }

    /// The reason of a refusal, in Kubernetes' words.
    pub fn refusal(&self, account: &ServiceAccount) -> String {
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        format!(
            "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            account.user_name(),
            self.verb,
            self.resource_path(),
            self.group
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: tui, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: shop}
rules:
  - {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
  - {apiGroups: [apps], resources: ["*"], verbs: ["*"]}
  - {apiGroups: [""], resources: [secrets], resourceNames: [one], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{kind: ServiceAccount, name: tui}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: c}
rules: [{apiGroups: [""], resources: [nodes, "*/scale"], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: c}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: c}
subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts:shop"}]
"#;

    fn asked(words: &str) -> Attributes {
        let mut words = words.split(' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (verb, group, path, namespace, name) = (next(), next(), next(), next(), next());
        let (resource, subresource) = path.split_once('/').unwrap_or((&path, ""));
        Attributes {
            verb,
            group: if group == "core" { String::new() } else { group },
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name,
            namespace: if namespace == "-" { String::new() } else { namespace },
        }
    }

    #[test]
    fn rules_hold_where_their_binding_says() {
        let policy = Policy::parse(FILE).unwrap();
        let account = &policy.accounts()[0];
        let user = User::ServiceAccount(account);
        for (words, allowed) in [
            ("list core pods shop", true),
            ("get core pods/log shop x", true),
            ("get core pods/exec shop x", false),
            ("watch core pods shop", false),
            ("list core pods other", false),
            ("list core pods -", false),
            ("delete apps deployments shop x", true),
            ("delete apps deployments/scale shop x", true),
            ("get core secrets shop one", true),
            ("get core secrets shop two", false),
            ("get core secrets shop", false),
            ("list core nodes -", true),
            ("list core nodes shop", true),
            ("list core things/scale -", true),
            ("patch core nodes - n", false),
        ] {
            assert_eq!(policy.allows(user, &asked(words)), allowed, "{words}");
            assert!(policy.allows(User::Administrator, &asked(words)));
        }
        assert_eq!(
            asked("list core pods -").refusal(account),
            "User \"system:serviceaccount:shop:tui\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
        );
    }

    #[test]
    fn a_file_that_grants_nothing_says_why() {
        let unbound = FILE.replace("kind: Role, name: r", "kind: Role, name: other");
        let message = Policy::parse(&unbound).unwrap_err().to_string();
        assert!(
            message.contains("RoleBinding b refers to Role other, which is not in the file"),
            "{message}"
        );
        for (text, words) in [
            ("kind: [", "no YAML"),
            ("{apiVersion: v1, kind: Pod}", "Pod"),
            ("", "no ServiceAccount"),
            (
                "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: 5}",
                "Role r",
            ),
        ] {
            let message = Policy::parse(text).unwrap_err().to_string();
            assert!(message.contains(words), "{text}: {message}");
        }
    }
}
