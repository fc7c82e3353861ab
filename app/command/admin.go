package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"

	"tributary/api"
	"tributary/api/route"
	"tributary/app"
	"tributary/desk"
	"tributary/store"
)

// database opens the configured database with a current schema.
func (p *program) database(ctx context.Context) (*store.Store, error) {
	cfg, err := p.config()
	if err != nil {
		return nil, err
	}
	cfg.Now = time.Now
	s, err := app.OpenStore(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	err = s.Migrate(ctx)
	if err == nil {
		err = app.CheckKey(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (p *program) migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			s, err := p.database(c.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.out, "schema is current ("+s.Dialect()+")")
			return errors.Join(err, s.Close())
		},
	}
}

func (p *program) bootstrapCommand() *cobra.Command {
	var email, password, account, name string
	var asJSON bool
	c := &cobra.Command{
		Use: "bootstrap", Short: "Create the first account and its administrator", Args: noArgs,
		Long: "Creates an account with an administrator and prints their ids and tokens. Run again with the same e-mail it " +
			"prints the same and changes nothing. It works before the first serve and beside a running one.",
		RunE: func(c *cobra.Command, _ []string) error {
			address, err := mail.ParseAddress(email)
			switch {
			case err != nil:
				return errUsage{fmt.Errorf("--email: %q is not an e-mail address", email)}
			case len(password) < 6:
				return errUsage{errors.New("--password: at least 6 characters")}
			case strings.TrimSpace(account) == "":
				return errUsage{errors.New("--account: a name is needed")}
			}
			if name == "" {
				name, _, _ = strings.Cut(address.Address, "@")
			}
			return p.bootstrap(c.Context(), address.Address, name, password, account, asJSON)
		},
	}
	c.Flags().StringVar(&email, "email", "", "e-mail of the administrator")
	c.Flags().StringVar(&password, "password", "", "password of the administrator")
	c.Flags().StringVar(&account, "account", "", "name of the account")
	c.Flags().StringVar(&name, "name", "", "name of the administrator (default: the e-mail's local part)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func (p *program) bootstrap(ctx context.Context, email, name, password, account string, asJSON bool) (err error) {
	s, err := p.database(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), desk.PasswordCost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return errUsage{errors.New("--password: at most 72 bytes")}
	}
	if err != nil {
		return err
	}
	b, err := s.Bootstrap(ctx, email, name, string(hash), account)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(p.out).Encode(map[string]any{
			"account_id": b.AccountID, "user_id": b.UserID,
			"api_access_token": b.AccessToken, "platform_token": b.PlatformToken,
		})
	}
	_, err = fmt.Fprintf(p.out, "account_id        %d\nuser_id           %d\napi_access_token  %s\nplatform_token    %s\n",
		b.AccountID, b.UserID, b.AccessToken, b.PlatformToken)
	return err
}

func (p *program) routesCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "routes", Short: "List the routes that are mounted", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			rows := append(app.HookRows(), api.New(api.Deps{}).Rows()...)
			text, err := route.List(rows, asJSON)
			if err != nil {
				return err
			}
			_, err = p.out.Write(text)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return c
}

func (p *program) openapiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Print the OpenAPI description of all routes", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := api.Describe(append(app.HookRows(), api.New(api.Deps{}).Rows()...), false)
			if err != nil {
				return err
			}
			_, err = p.out.Write(b)
			return err
		},
	}
}
