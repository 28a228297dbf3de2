// The whole grammar of `hamirror`, put together.
using System.CommandLine;

namespace HaMirror.Cli.Verbs;

/// <summary>The root command.</summary>
internal static class HamirrorCommand
{
    private const string First = """
        hamirror cluster init node1 10.0.0.1 node2 10.0.0.2   on the first node: make the cluster, print a join token
        hamirror cluster join TOKEN                           on the second node
        hamirror module add vm1 --set VM_NAME=vm1             on both: a module from the template 'kvm'
        hamirror module config -m vm1                         on both: check its configuration and make it active
        hamirror start -m vm1 --as-primary                    on the node whose data is right
        hamirror start -m vm1                                 on the other: it becomes SECOND and resyncs
        hamirror status --watch                               until both are green
        """;

    /// <summary>Builds it.</summary>
    public static RootCommand Create(Invocation invocation)
    {
        var examples = new Dictionary<Command, string>();
        var root = new RootCommand(
            "HaMirror mirrors a VM's directory to a second host and starts the VM there when the first one fails.\n"
            + "Exit codes: 0 done, 1 refused, 2 wrong command line, 3 no agent, 4 time over, 5 verify found differences.");
        examples[root] = First;
        StatusVerb.AddTo(root, invocation, examples);
        LifeVerbs.AddTo(root, invocation, examples);
        ConnectVerb.AddTo(root, invocation, examples);
        SalvageVerbs.AddTo(root, invocation, examples);
        DiffVerb.AddTo(root, invocation, examples);
        SeedVerb.AddTo(root, invocation, examples);
        VerifyVerb.AddTo(root, invocation, examples);
        WaitVerb.AddTo(root, invocation, examples);
        BenchVerb.AddTo(root, invocation, examples);
        LogVerb.AddTo(root, invocation, examples);
        ModuleVerbs.AddTo(root, invocation, examples);
        ChangeVerbs.AddTo(root, invocation, examples);
        SupportVerb.AddTo(root, invocation, examples);
        ClusterVerbs.AddTo(root, invocation, examples);
        UserVerbs.AddTo(root, invocation, examples);
        KeyVerbs.AddTo(root, invocation, examples);
        CheckVerb.AddTo(root, invocation, examples);
        NotifyVerbs.AddTo(root, invocation, examples);
        CompletionVerb.AddTo(root, invocation, examples);
        TeachingHelp.Install(root, examples);
        return root;
    }
}
