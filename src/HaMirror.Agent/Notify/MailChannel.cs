using System.Text;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace HaMirror.Agent.Notify;

/// <summary>E-mail over SMTP.</summary>
internal sealed class MailChannel(MailConfiguration mail) : INotifyChannel
{
    public string Kind => "mail";

    public string Target => string.Join(", ", mail.To);

    public async Task SendAsync(Notification notification, CancellationToken cancellation)
    {
        try
        {
            using var message = Message(notification);
            using var client = new SmtpClient();
            await client.ConnectAsync(mail.Server, mail.Port, mail.Security switch
            {
                "tls" => SecureSocketOptions.SslOnConnect,
                "none" => SecureSocketOptions.None,
                _ => SecureSocketOptions.StartTls,
            }, cancellation);
            if (mail.User.Length > 0) await client.AuthenticateAsync(mail.User, SecretFile.Read(mail.PasswordFile), cancellation);
            await client.SendAsync(message, cancellation);
            await client.DisconnectAsync(quit: true, cancellation);
        }
        catch (Exception error) when (error is not (OperationCanceledException or NotifyException))
        {
            throw new NotifyException($"Mail server {mail.Server}:{mail.Port}: {error.Message}", error);
        }
    }

    private MimeMessage Message(Notification notification)
    {
        var message = new MimeMessage { Subject = notification.Subject };
        message.From.Add(MailboxAddress.Parse(mail.From));
        foreach (var address in mail.To) message.To.Add(MailboxAddress.Parse(address));
        message.Headers.Add("Auto-Submitted", "auto-generated"); // Nobody's holiday note answers it.
        var text = new StringBuilder();
        foreach (var one in notification.Events)
            text.Append(one.Time.ToString("yyyy-MM-dd HH:mm:ss zzz", System.Globalization.CultureInfo.InvariantCulture))
                .Append("  ").Append(one.Level).Append("  ").Append(one.Module is null ? "" : one.Module + ": ").AppendLine(one.Text);
        text.AppendLine().Append("Node ").AppendLine(notification.Node).AppendLine("'hamirror status' there shows what is to be done.");
        message.Body = new TextPart("plain") { Text = text.ToString() };
        return message;
    }
}
