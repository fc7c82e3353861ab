package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tributary/app"
)

func (p *program) whatsappCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "whatsapp", Short: "Set up WhatsApp for the installation", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			return errUsage{errors.New("usage: tributary whatsapp subscribe")}
		},
	}
	c.AddCommand(&cobra.Command{
		Use: "subscribe", Short: "Have Meta tell this program about accounts and numbers", Args: noArgs,
		Long: "Sets the callback of the Meta app WHATSAPP_APP_ID to FRONTEND_URL/webhooks/whatsapp, with WHATSAPP_WEBHOOK_VERIFY_TOKEN, " +
			"and subscribes it to the fields that the program reads. Meta calls the address before it answers: a process has to serve " +
			"it. It may be repeated, and replaces what was entered in Meta's console.",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.numbers(c.Context(), func(ctx context.Context, n app.Numbers) error {
				s, err := n.Subscribe(ctx)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.out, "subscribed %s to %s\n", s.CallbackURL, strings.Join(s.Fields, ", "))
				return err
			})
		},
	})
	return c
}
