using System.Collections.Immutable;
using static HaMirror.Core.Configuration.ModuleVocabulary;

namespace HaMirror.Core.Configuration;

/// <summary>notify.xml: who is told of events, and of which.</summary>
/// <param name="Group">Events within this time of the first become one message.</param>
/// <param name="Level">critical, warning or event: lines of the logs of this level and graver are told.</param>
/// <param name="States">Changes of this node's modules' states are told.</param>
public sealed record NotifyConfiguration(
    TimeSpan Group, string Level, bool States, ImmutableArray<MailConfiguration> Mails, ImmutableArray<WebhookConfiguration> Webhooks,
    ImmutableArray<CommandConfiguration> Commands)
{
    /// <summary>The element <c>notify</c>.</summary>
    public static KnownElement Vocabulary { get; } = new("notify", "who is told of events (`/etc/hamirror/notify.xml`); each node tells of itself")
    {
        Attributes =
        [
            Duration("group", "10s", TimeUnit.Second, "events within this time of the first become one message"),
            Choice("level", "warning", "lines of the logs of this level and graver are told", "critical", "warning", "event"),
            OnOff("states", "on", "changes of the states of this node's modules are told"),
        ],
        Children =
        [
            new("mail", "e-mail over SMTP")
            {
                Many = true,
                Attributes =
                [
                    Text("server", null, "name or address of the mail server") with { Required = true },
                    Whole("port", "587", "its TCP port", 1, 65535),
                    Choice("security", "starttls", "encryption", "starttls", "tls", "none"),
                    Text("user", "", "name to log in with; empty: no login"),
                    Text("passwordfile", "", "file whose first line is the password; keep it 0600"),
                    Text("from", null, "sender") with { Required = true },
                    Text("to", null, "receivers, separated by spaces or commas") with { Required = true },
                ],
            },
            new("webhook", "a POST of JSON")
            {
                Many = true,
                Attributes =
                [
                    Free("url", null, "where to: http or https") with { Required = true },
                    Text("secretfile", "", "file whose first line is a secret; the header HaMirror-Signature then holds sha256= and the HMAC of the body"),
                ],
            },
            new("command", "a program, which reads JSON from its input")
            {
                Many = true,
                Attributes =
                [
                    Text("path", null, "absolute path of the program") with { Required = true },
                    Duration("timeout", "30s", TimeUnit.Second, "then it is killed"),
                ],
            },
        ],
    };

    /// <summary>What holds without a file: nobody is told.</summary>
    public static NotifyConfiguration Default { get; } = Parse("<notify/>", "notify.xml").Value!;

    /// <summary>Reads the text of a file. Wrong input comes back as errors and is never thrown.</summary>
    public static Parsed<NotifyConfiguration> Parse(string text, string fileName)
    {
        var context = new ReadingContext(fileName);
        var root = ConfigurationText.Load(text, context);
        if (root is not null && root.Name != Vocabulary.Name)
            context.Refuse(root, $"the root of the notifications' configuration is \"notify\", not \"{root.Name.LocalName}\"");
        else if (root is not null)
            new VocabularyCheck(context, new MacroTable(ImmutableDictionary<string, string>.Empty)).Check(root, Vocabulary);
        if (root is null || context.Failed) return Parsed<NotifyConfiguration>.Refused(context.Errors);
        var values = new ElementValues(root, Vocabulary);
        var configuration = new NotifyConfiguration(
            values.Duration("group"), values.Text("level"), values.OnOff("states"),
            [.. values.ChildrenNamed("mail").Select(Mail)],
            [.. values.ChildrenNamed("webhook").Select(hook => Webhook(hook, context))],
            [.. values.ChildrenNamed("command").Select(command => Command(command, context))]);
        return context.Failed ? Parsed<NotifyConfiguration>.Refused(context.Errors) : Parsed<NotifyConfiguration>.Of(configuration);
    }

    private static MailConfiguration Mail(ElementValues mail) => new(
        mail.Text("server"), mail.Whole("port"), mail.Text("security"), mail.Text("user"), mail.Text("passwordfile"), mail.Text("from"),
        [.. mail.Text("to").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]);

    private static WebhookConfiguration Webhook(ElementValues hook, ReadingContext context)
    {
        if (Uri.TryCreate(hook.Text("url"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            return new WebhookConfiguration(url, hook.Text("secretfile"));
        context.Refuse(hook.At("url"), $"\"{VocabularyCheck.Clip(hook.Text("url"))}\" is no address of the web: it begins with http:// or https://");
        return new WebhookConfiguration(new Uri("http://localhost"), "");
    }

    private static CommandConfiguration Command(ElementValues command, ReadingContext context)
    {
        if (!command.Text("path").StartsWith('/'))
            context.Refuse(command.At("path"), $"\"{VocabularyCheck.Clip(command.Text("path"))}\" is no absolute path of a program");
        return new CommandConfiguration(command.Text("path"), command.Duration("timeout"));
    }
}

/// <param name="Security">starttls, tls or none.</param>
public sealed record MailConfiguration(
    string Server, int Port, string Security, string User, string PasswordFile, string From, ImmutableArray<string> To);

/// <param name="SecretFile">Empty: messages are not signed.</param>
public sealed record WebhookConfiguration(Uri Url, string SecretFile);

/// <param name="Path">Absolute.</param>
public sealed record CommandConfiguration(string Path, TimeSpan Timeout);
